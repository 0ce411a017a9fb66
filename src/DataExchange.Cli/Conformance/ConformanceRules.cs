using System.Reflection;

namespace DataExchange.Cli.Conformance;

/// <summary>The table of rules, printed to docs/conformance.md. Each has a seeded adapter in the tests that breaks it and no other.</summary>
internal static class ConformanceRules
{
    private const string Certificates = "certificates";
    private const string Configuration = "configuration";
    private const string Discovery = "discovery";
    private const string Calls = "calls";
    private const string Stream = "stream";
    private const string Content = "content";
    private const string Clock = "clock";
    private const string Fetch = "fetch";
    private const string Changes = "changes";
    private const string Restart = "restart";
    private const string Load = "load";

    // Who may talk to whom.
    public static readonly ConformanceRule ServerIdentity = new("TLS-1", Certificates,
        "The adapter proves by a certificate of the exchange to be the department, with a key that the catalogue registers for tls.",
        "Give the adapter the department's own certificate, and register its key in the catalogue.");
    public static readonly ConformanceRule HubLetIn = new("TLS-2", Certificates,
        "The hub's certificate is let in.",
        "Trust the exchange's root and pin the hub's name and the key id of the certificate that the kit was given (HubName, HubKeyIds).");
    public static readonly ConformanceRule NoCertificate = new("TLS-3", Certificates,
        "A caller without a certificate is refused.", "Require client certificates on the adapter's port.");
    public static readonly ConformanceRule ForeignRoot = new("TLS-4", Certificates,
        "A certificate that bears the hub's name but comes from another root is refused.",
        "Build the client's chain up to the exchange's root only; never trust the system's roots or any chain.");
    public static readonly ConformanceRule ExpiredCertificate = new("TLS-5", Certificates,
        "An expired certificate is refused.", "Leave the check of validity times on, and keep the machine's clock right.");
    public static readonly ConformanceRule OtherCaller = new("TLS-6", Certificates,
        "A certificate of the exchange that is not the hub's is refused.", "Compare the caller's name and key id with those of the hub before anything is answered.");
    public static readonly ConformanceRule OldProtocol = new("TLS-7", Certificates,
        "TLS below version 1.3 is refused.", "Allow TLS 1.3 only.");

    // What is started with which settings.
    public static readonly ConformanceRule GoodConfiguration = new("CFG-1", Configuration,
        "The good configuration is accepted: its check ends with exit code 0.", "Run the command that the kit names and mend what it says.");
    public static readonly ConformanceRule BadConfiguration = new("CFG-2", Configuration,
        "A bad configuration is refused: its check ends in time, with another exit code than 0, and says why.",
        "Check the whole configuration at start, refuse unknown keys, and say what is wrong.");

    // What it says of itself.
    public static readonly ConformanceRule Description = new("DSC-1", Discovery,
        "Describe names the department, an epoch of 16 bytes that stays the same, and sequences in order.",
        "Answer Describe from the outbox: the epoch that was made with it, its oldest and its newest sequence.");
    public static readonly ConformanceRule Attributes = new("DSC-2", Discovery,
        "Describe names the attributes that the catalogue gives the department, each held or located as declared.",
        "Bring the adapter's attributes and the catalogue's in line.");
    public static readonly ConformanceRule StatedLimits = new("DSC-3", Discovery,
        "Limits that are stated are possible: an answer time above zero and at most 30 s.", "State the time that answers really take at most, or none.");

    // How it answers at all.
    public static readonly ConformanceRule Answered = new("CAL-1", Calls,
        "A proper call of the hub is answered, not refused.", "Look into the adapter's own log for the call that failed.");
    public static readonly ConformanceRule InTime = new("CAL-2", Calls,
        "A call is answered, and a stream's next message sent, within the stated time.",
        "Make it faster, answer UNAVAILABLE for what cannot be had in time, or state a longer time in Describe.");
    public static readonly ConformanceRule NotHanging = new("CAL-3", Calls,
        "No call stays without an answer for good.", "Give everything that the adapter waits for a time-out within the stated answer time.");
    public static readonly ConformanceRule Oversize = new("CAL-4", Calls,
        "A message of 4 MiB is refused, and the adapter goes on.", "Limit the size of messages before they are parsed, to 1 MiB and 64 KiB as a default.");

    // What ReadChanges gives.
    public static readonly ConformanceRule Signature = new("STR-1", Stream,
        "Every batch is signed for its exact bytes by a key that the catalogue registers to the department for signing.",
        "Sign \"dataexchange.change.v1\" 0x00 payload with ECDSA P-256 and SHA-256 as 64 bytes r||s, and register the key.");
    public static readonly ConformanceRule BatchForm = new("STR-2", Stream,
        "Every batch is a proper ChangeBatch of at most 1,000 changes and 1 MiB, with every required field.",
        "Pack batches within the limits of change.proto, and fill every field that it calls required.");
    public static readonly ConformanceRule Contiguous = new("STR-3", Stream,
        "Sequences are contiguous, from the first to the last that Describe names.",
        "Number changes in the transaction that stores them, and never delete from the middle.");
    public static readonly ConformanceRule Once = new("STR-4", Stream,
        "One reading gives each sequence once.", "Go on after the last sequence of the batch before.");
    public static readonly ConformanceRule OneEpoch = new("STR-5", Stream,
        "Every batch has the epoch of Describe.", "Make the epoch once, with the outbox, and store it there.");
    public static readonly ConformanceRule SameBytes = new("STR-6", Stream,
        "A batch that is read or published again is byte for byte the same.",
        "Store the serialized batch before it is offered, and send what is stored; never serialize it anew.");
    public static readonly ConformanceRule Cursor = new("STR-7", Stream,
        "Reading from a sequence to another gives exactly the batches that hold them.",
        "Begin with the batch that holds from_sequence, end with the one that holds to_sequence.");
    public static readonly ConformanceRule FutureCursor = new("STR-8", Stream,
        "Reading from a sequence of the future gives nothing, at once and without an error.", "End the stream where there is nothing more.");
    public static readonly ConformanceRule OtherEpoch = new("STR-9", Stream,
        "Reading with another epoch is refused with FAILED_PRECONDITION.", "Compare the asked epoch with the outbox's before reading.");
    public static readonly ConformanceRule ZeroCursor = new("STR-10", Stream,
        "Reading from sequence 0 is refused with INVALID_ARGUMENT.", "Sequences begin at 1: refuse 0.");
    public static readonly ConformanceRule TrimmedCursor = new("STR-11", Stream,
        "Reading what is no longer kept is refused with OUT_OF_RANGE.", "Compare the asked sequence with the oldest kept; never skip what is gone.");

    // What the batches say.
    public static readonly ConformanceRule Owned = new("VAL-1", Content,
        "Only attributes are published that the catalogue gives the department.", "Declare the attribute in the catalogue, or stop publishing it.");
    public static readonly ConformanceRule ValueType = new("VAL-2", Content,
        "Each value is a proper one of its attribute's type; of a located attribute only a locator is published.",
        "Convert values to the type that the catalogue declares; publish values of held attributes only.");
    public static readonly ConformanceRule Subjects = new("VAL-3", Content,
        "Each identifier is a valid one of a declared scheme.", "Check identifiers at the source, or declare the scheme.");
    public static readonly ConformanceRule Links = new("VAL-4", Content,
        "Only schemes are linked that the catalogue lets the department link.", "Have the link right added to the catalogue, or stop linking.");

    public static readonly ConformanceRule ClockAhead = new("CLK-1", Clock,
        "No batch is packed in the future.", "Set the clock of the adapter's machine, and keep it by NTP.");
    public static readonly ConformanceRule ClockBehind = new("CLK-2", Clock,
        "A batch that is packed now says so.", "Set the clock of the adapter's machine, and keep it by NTP; take packed_at when the batch is packed.");

    // What Fetch gives.
    public static readonly ConformanceRule EachItem = new("FET-1", Fetch,
        "Fetch gives one result for each item, in order.", "Put each result where its item stands.");
    public static readonly ConformanceRule BadItem = new("FET-2", Fetch,
        "An item that cannot be read is answered unavailable, and does not fail the rest.",
        "Answer PROVIDER_FAILED for a locator that the adapter has not made; absent says that there is nothing.");
    public static readonly ConformanceRule PublishedIsFound = new("FET-3", Fetch,
        "What the stream says is there is found by its locator.", "Keep the key or the table of the locators with the outbox, and answer from the store that is published.");
    public static readonly ConformanceRule Moment = new("FET-4", Fetch,
        "Each value has the moment since which it holds, and not one of the future.", "Fill as_of from the source.");
    public static readonly ConformanceRule KnownReason = new("FET-5", Fetch,
        "What is unavailable has a reason of the error table.", "Use the names of docs/errors.md.");
    public static readonly ConformanceRule ItemCount = new("FET-6", Fetch,
        "Fetch with no items, or with more than 256, is refused with INVALID_ARGUMENT.", "Count the items before anything else is done.");
    public static readonly ConformanceRule RevokedGrant = new("FET-7", Fetch,
        "A question whose grant the department has revoked is not answered with values.",
        "Compare consumer, purpose and legal basis of Fetch with what is granted now; answer NOT_GRANTED for each item.");

    // What happens when the department's data change.
    public static readonly ConformanceRule Incremental = new("CHG-1", Changes,
        "A change at the source comes into the stream in time, after all that was there.", "Have the adapter look at its source more often, and append to the outbox only.");
    public static readonly ConformanceRule Withdrawal = new("CHG-2", Changes,
        "What is taken away at the source is withdrawn in the stream.", "Publish a withdrawal for a row that is gone; leaving it out says nothing.");

    public static readonly ConformanceRule ComesBack = new("RST-1", Restart,
        "After a restart in the middle of a reading the adapter answers again in time.", "Have the process started again by its service manager, and its start made faster.");
    public static readonly ConformanceRule StreamKept = new("RST-2", Restart,
        "After a restart the stream is the same: epoch, sequences and bytes of the batches that are kept.",
        "Keep epoch, sequences and batches on disk, synchronised before they are offered.");
    public static readonly ConformanceRule LocatorsKept = new("RST-3", Restart,
        "After a restart the locators of before are still understood.", "Keep the key of the locators on disk, with the outbox.");

    public static readonly ConformanceRule UnderLoad = new("LOD-1", Load,
        "With as many calls at once as are stated, every call is answered in time, and a batch read again is the same.", "Share nothing between calls that is not safe for it, and state how many calls at once are served.");

    /// <summary>Every rule, in the order of this file.</summary>
    public static IReadOnlyList<ConformanceRule> All { get; } =
        [.. typeof(ConformanceRules).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<ConformanceRule>()];
}
