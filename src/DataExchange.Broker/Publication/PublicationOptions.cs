using System.ComponentModel.DataAnnotations;
using DataExchange.Transparency.Notes;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>Section <c>Publication</c>: the audit log as a Merkle tile log that others verify.</summary>
internal sealed class PublicationOptions
{
    public const string Section = "Publication";

    /// <summary>Folder of the static files, one folder a log in it. Default: <c>audit-public</c> under <c>Hub:DataDirectory</c>. Copy it wherever a copy is wanted.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>
    /// What the log's origin begins with; the log's id follows. It should be the address below which the files are served, without scheme.
    /// Default: <c>BROKER-ID/audit</c>. MUST NOT change while a log is written: its origin is what witnesses know it by.
    /// </summary>
    [Required, RegularExpression(@"\A[A-Za-z0-9.:/_-]{1,200}\z")]
    public string OriginPrefix { get; set; } = "";

    /// <summary>
    /// File of the key that signs checkpoints: 32 random bytes, open to its owner only, made when the first log is begun. Default:
    /// <c>audit.key</c> under <c>Hub:DataDirectory</c>, outside of the log's folders.
    /// </summary>
    [Required]
    public string SigningKeyPath { get; set; } = "";

    /// <summary>Between two checkpoints while entries arrive. Default 500 ms; 50 ms to 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:00:01")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Who cosigns each checkpoint. Default none; at most 16.</summary>
    [MaxLength(16), ValidateEnumeratedItems]
    public IList<WitnessOptions> Witnesses { get; } = [];

    /// <summary>How long a witness may take before a checkpoint is published without it. Default 400 ms; 10 ms to 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:01")]
    public TimeSpan WitnessTimeout { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>A witness that did not answer is asked again after this time. Default 10 s; 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan WitnessRetry { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>With entries that a witness has not cosigned for this long the hub answers no more. Default 4 h; 1 s to 30 d.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan WitnessGrace { get; set; } = TimeSpan.FromHours(4);

    /// <summary>
    /// Departments that may fetch the entries themselves, which say who asked for what: the auditors. All departments may fetch hashes and
    /// checkpoints. Default none; at most 64.
    /// </summary>
    [MaxLength(64)]
    public IList<string> EntryReaders { get; } = [];
}

/// <summary>One witness.</summary>
internal sealed class WitnessOptions
{
    /// <summary>Submission prefix: <c>add-checkpoint</c> is below it.</summary>
    [Required, Url]
    public string Url { get; set; } = "";

    /// <summary>Its verifier key, as <c>name+id+base64</c>, of type 4.</summary>
    [Required]
    public string Key { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class PublicationOptionsValidator : IValidateOptions<PublicationOptions>;

/// <summary>What the attributes cannot say.</summary>
internal sealed class WitnessKeysValidator : IValidateOptions<PublicationOptions>
{
    public ValidateOptionsResult Validate(string? name, PublicationOptions options)
    {
        var wrong = options.Witnesses.Where(witness => NoteKey.Parse(witness.Key) is not { Type: NoteKeyType.Cosignature }).Select(witness => witness.Url).ToArray();
        return wrong.Length == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(wrong.Select(url => $"Publication:Witnesses: the key of {url} is no verifier key of a witness (name+id+base64, type 4); ask its operator for it."));
    }
}
