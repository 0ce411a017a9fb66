namespace DataExchange.Hosting;

/// <summary>Why a handshake was refused; the word that the log and the counter carry.</summary>
internal enum CertificateRefusal
{
    Missing,
    NotFromRoot,
    Expired,
    NotYetValid,
    WrongUse,
    ChainInvalid,
    NameMissing,
    NameAmbiguous,
    NameMalformed,
    OtherTrustDomain,
    NotThePeerExpected,
}
