using System.Globalization;
using System.Net;
using System.Text;
using DataExchange.Hosting;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;
using DataExchange.Transparency.Witnesses;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>Has checkpoints cosigned by all witnesses at once. Source: C2SP tlog-witness. Not thread safe.</summary>
internal sealed partial class WitnessRound(IOptions<PublicationOptions> options, IHttpClientFactory clients, TimeProvider clock, ILogger<WitnessRound> logger)
{
    public const string ClientName = "witness";

    /// <summary>Since when which witness has been behind, so that a restart does not begin the grace anew: lines of name and seconds since 1970.</summary>
    private const string BehindFile = "witnesses-behind";

    private readonly string _behindPath = Path.Combine(options.Value.Folder, BehindFile);
    private readonly WitnessState[] _witnesses = [.. options.Value.Witnesses.Select(witness => new WitnessState(witness) { FailingSince = ReadBehind(options.Value.Folder, witness) })];
    private string? _savedBehind;

    public bool Any => _witnesses.Length > 0;

    /// <summary>Names of the witnesses that have not cosigned the newest checkpoint, for health.</summary>
    public IReadOnlyList<string> Behind => [.. _witnesses.Where(witness => witness.FailingSince is not null).Select(witness => witness.Key.Name)];

    /// <summary>Whether a witness's cosignature is missing, and it may be asked again.</summary>
    public bool IsBehind(SignedNote note) => _witnesses.Any(witness => note.SignatureOf(witness.Key) is null && MayBeAsked(witness));

    /// <summary>Whether every witness has cosigned.</summary>
    public bool HaveCosigned(SignedNote note) => _witnesses.All(witness => note.SignatureOf(witness.Key) is not null);

    /// <summary>With the next log, of which no witness has cosigned anything.</summary>
    public void Begin()
    {
        foreach (var witness in _witnesses)
            witness.Size = 0;
    }

    /// <summary>Whether a witness has been behind for longer than the log may grow without it.</summary>
    public bool GraceIsOver() => _witnesses.Any(witness => witness.FailingSince is { } since && clock.GetUtcNow() - since > options.Value.WitnessGrace);

    /// <summary>The note with the cosignatures of all who answered in time.</summary>
    public async Task<SignedNote> CosignAsync(SignedNote note, Checkpoint checkpoint, TileTree tree, CancellationToken cancellationToken)
    {
        var cosignatures = await Task.WhenAll(_witnesses.Select(witness => AskAsync(witness, note, checkpoint, tree, cancellationToken)));
        SaveBehind();
        return note with { Signatures = [.. note.Signatures, .. cosignatures.OfType<NoteSignature>()] };
    }

    private static DateTimeOffset? ReadBehind(string folder, WitnessOptions witness)
    {
        var path = Path.Combine(folder, BehindFile);
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.Split(' ')[0] == NoteKey.Parse(witness.Key)!.Name) : null;
        return line is not null && long.TryParse(line.Split(' ')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    private void SaveBehind()
    {
        var behind = string.Concat(_witnesses.Where(witness => witness.FailingSince is not null).Select(witness =>
            string.Create(CultureInfo.InvariantCulture, $"{witness.Key.Name} {witness.FailingSince!.Value.ToUnixTimeSeconds()}\n")));
        if (behind == _savedBehind)
            return;
        WholeFile.Write(_behindPath, Encoding.UTF8.GetBytes(behind), WholeFile.OwnerOnly, overwrite: true);
        _savedBehind = behind;
    }

    private bool MayBeAsked(WitnessState witness) => witness.AskedAt + options.Value.WitnessRetry <= clock.GetUtcNow() || witness.FailingSince is null;

    private async Task<NoteSignature?> AskAsync(WitnessState witness, SignedNote note, Checkpoint checkpoint, TileTree tree, CancellationToken cancellationToken)
    {
        if (note.SignatureOf(witness.Key) is not null || !MayBeAsked(witness))
            return null;
        witness.AskedAt = clock.GetUtcNow();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.WitnessTimeout);
        try
        {
            var cosignature = await PostAsync(witness, note, checkpoint, tree, timeout.Token);
            (witness.Size, witness.FailingSince, witness.Fault) = (checkpoint.Size, null, null);
            return cosignature;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or InvalidDataException)
        {
            var told = fault is OperationCanceledException ? "it does not answer in time" : fault.Message;
            if (witness.Fault != told && !cancellationToken.IsCancellationRequested)
                Log.NotCosigned(logger, witness.Key.Name, told);
            (witness.FailingSince, witness.Fault) = (witness.FailingSince ?? clock.GetUtcNow(), told);
            return null;
        }
    }

    /// <exception cref="InvalidDataException">It refuses.</exception>
    private async Task<NoteSignature> PostAsync(WitnessState witness, SignedNote note, Checkpoint checkpoint, TileTree tree, CancellationToken cancellationToken)
    {
        // Which size it knows is learned from its refusal: after a restart, and when another replica of it has answered.
        for (var asked = 0; asked < 3; asked++)
        {
            var old = Math.Min(witness.Size, checkpoint.Size);
            using var content = new ByteArrayContent(new CosignRequest(old, tree.ConsistencyProof(old), note).ToBytes());
            using var client = clients.CreateClient(ClientName);
            using var response = await client.PostAsync(witness.Address, content, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
                return Cosignature(witness, note, body);
            if (response.StatusCode != HttpStatusCode.Conflict || !ulong.TryParse(body.TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                throw new InvalidDataException($"it answers {(int)response.StatusCode}");
            if (size > checkpoint.Size)
                throw new InvalidDataException($"it has cosigned {size} entries already, the log has {checkpoint.Size}: entries are missing, or another process writes under this log's key");
            witness.Size = size;
        }

        throw new InvalidDataException("it changes its mind about what it has cosigned");
    }

    private static NoteSignature Cosignature(WitnessState witness, SignedNote note, string body)
    {
        var answered = SignedNote.Parse(Encoding.UTF8.GetBytes($"{note.Text}\n{body}"));
        return answered?.SignatureOf(witness.Key) ?? throw new InvalidDataException("its answer holds no signature by its key");
    }

    private sealed class WitnessState(WitnessOptions options)
    {
        public NoteKey Key { get; } = NoteKey.Parse(options.Key)!;

        public Uri Address { get; } = new(options.Url.TrimEnd('/') + "/add-checkpoint");

        /// <summary>Of the checkpoint it has cosigned last, as far as is known: where it is asked from, and no proof that it has cosigned.</summary>
        public ulong Size { get; set; }

        /// <summary>Last; counts only after a failure.</summary>
        public DateTimeOffset AskedAt { get; set; }

        /// <summary>Null while it has cosigned what it was asked.</summary>
        public DateTimeOffset? FailingSince { get; set; }

        /// <summary>What was logged last: each new fault is told once.</summary>
        public string? Fault { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(3010, LogLevel.Error, "Witness {Witness} has not cosigned the audit log: {Fault}; asked again from time to time, the hub stops answering after Publication:WitnessGrace", EventName = "WitnessNotCosigning")]
        internal static partial void NotCosigned(ILogger logger, string witness, string fault);
    }
}
