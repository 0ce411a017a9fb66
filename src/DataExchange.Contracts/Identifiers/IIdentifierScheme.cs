namespace DataExchange.Contracts;

/// <summary>
/// A kind of identifier and its rules. Implementations MUST be safe for use by many threads, MUST NOT throw for any text,
/// and MUST answer in time bounded by the text's length. They MUST NOT log or keep the text.
/// </summary>
public interface IIdentifierScheme
{
    /// <summary>A <see cref="CodeName"/>, unique among the schemes of an exchange.</summary>
    string Name { get; }

    /// <summary>
    /// The one spelling of the identifier. Depends on the text alone (not on the clock), so that a change read again later is read
    /// the same. Idempotent: a canonical text is its own canonical text, and the same instance is given back.
    /// </summary>
    /// <param name="raw">As written by a person or a program.</param>
    /// <param name="canonical">1 to <see cref="Identifier.ValueBytesMax"/> bytes of UTF-8; empty if the answer is false.</param>
    bool TryCanonicalize(string raw, out string canonical);

    /// <summary>The same verdict in layers, for people who have to mend a number.</summary>
    /// <param name="raw">As written by a person or a program.</param>
    /// <param name="today">A date after this one is wrong; null leaves the future open.</param>
    IdentifierCheck Check(string raw, DateOnly? today = null);
}
