using DataExchange.Hosting;
using DataExchange.Transparency.Notes;

namespace DataExchange.Cli.Conformance.Reports;

/// <summary>A report as a signed note (C2SP signed-note): the JSON as it stands, then the signature of whoever ran the kit.</summary>
internal static class SignedReport
{
    /// <param name="name">Of the signer: who ran the kit.</param>
    /// <param name="keyPath">Seed of 32 bytes; made where it is not there.</param>
    public static NoteSigner Signer(string name, string keyPath)
    {
        if (!File.Exists(keyPath))
            KeyFile.Create(keyPath, NoteSigner.SeedBytes);
        try
        {
            return new NoteSigner(name, NoteKeyType.Ed25519, KeyFile.Read(keyPath, "report key", NoteSigner.SeedBytes));
        }
        catch (Exception broken) when (broken is InvalidOperationException or ArgumentException)
        {
            throw new UsageException(broken.Message);
        }
    }

    public static byte[] Sign(ConformanceReport report, NoteSigner signer)
    {
        var text = report.ToJson(indented: true) + "\n";
        return new SignedNote(text, [signer.Sign(text, report.Began)]).ToBytes();
    }

    /// <summary>Null unless the note is whole and this key has signed it.</summary>
    public static ConformanceReport? Verify(ReadOnlySpan<byte> bytes, NoteKey key) =>
        SignedNote.Parse(bytes) is { } note && note.SignatureOf(key) is not null ? ConformanceReport.Parse(note.Text) : null;
}
