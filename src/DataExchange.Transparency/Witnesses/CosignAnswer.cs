using DataExchange.Transparency.Notes;

namespace DataExchange.Transparency.Witnesses;

/// <summary>What a witness answers, by the numbers of HTTP.</summary>
public enum CosignStatus
{
    Cosigned = 200,

    /// <summary>The request cannot be read, or asks to go back.</summary>
    BadRequest = 400,

    /// <summary>The log's key has not signed the checkpoint.</summary>
    Forbidden = 403,

    /// <summary>No log of this origin is witnessed here.</summary>
    UnknownLog = 404,

    /// <summary>Another size was cosigned last; the answer says which.</summary>
    Conflict = 409,

    /// <summary>The proof does not hold, or the root is another: the log has been forked.</summary>
    Unprovable = 422,
}

/// <param name="Size">Of the checkpoint that was cosigned last, with <see cref="CosignStatus.Conflict"/>.</param>
/// <param name="Signature">With <see cref="CosignStatus.Cosigned"/>.</param>
public sealed record CosignAnswer(CosignStatus Status, ulong Size = 0, NoteSignature? Signature = null)
{
    /// <summary>Content type of a <see cref="CosignStatus.Conflict"/>.</summary>
    public const string SizeContentType = "text/x.tlog.size";

    public string Body => Status switch
    {
        CosignStatus.Cosigned => Signature!.Line + "\n",
        CosignStatus.Conflict => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Size}\n"),
        _ => "",
    };
}
