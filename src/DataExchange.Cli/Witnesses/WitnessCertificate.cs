using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DataExchange.Cli.Witnesses;

/// <summary>
/// The certificate that a witness shows, of the files as they are: who replaces them renews it. While the new ones cannot be read, or one of the
/// two is still the old, it is the certificate of before. Thread safe.
/// </summary>
/// <exception cref="CryptographicException">The files hold no certificate and its key.</exception>
internal sealed partial class WitnessCertificate(string certificatePath, string? keyPath, ILogger<WitnessCertificate> logger)
{
    private readonly Lock _lock = new();
    private X509Certificate2 _current = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
    private (DateTime, DateTime)? _refusedAt;
    private (DateTime, DateTime) _readAt = WrittenAt(certificatePath, keyPath);

    /// <summary>To be asked for at each handshake.</summary>
    public X509Certificate2 Read()
    {
        lock (_lock)
        {
            var writtenAt = WrittenAt(certificatePath, keyPath);
            if (writtenAt == _readAt || writtenAt == _refusedAt)
                return _current;
            try
            {
                // The former one is not disposed of: a handshake may be under way with it.
                _current = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
                _readAt = writtenAt;
            }
            catch (Exception half) when (half is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                // Half replaced, or wrong: looked at again once a file has changed.
                _refusedAt = writtenAt;
                Log.NotTaken(logger, half.GetType().Name);
            }

            return _current;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3053, LogLevel.Warning, "The witness goes on with its former certificate: the new files cannot be used ({Exception})", EventName = "WitnessCertificateNotTaken")]
        internal static partial void NotTaken(ILogger logger, string exception);
    }

    private static (DateTime, DateTime) WrittenAt(string certificatePath, string? keyPath) =>
        (File.GetLastWriteTimeUtc(certificatePath), File.GetLastWriteTimeUtc(keyPath ?? certificatePath));
}
