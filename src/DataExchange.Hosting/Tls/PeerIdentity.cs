namespace DataExchange.Hosting;

public enum PeerRole
{
    Department,
    Hub,
}

/// <summary>Who is at the other end of a connection, from its certificate and nothing else.</summary>
/// <param name="Role">First part of the SPIFFE path.</param>
/// <param name="Name">Department id or broker id.</param>
/// <param name="KeyId">Lower-case hexadecimal SHA-256 of the certificate's SubjectPublicKeyInfo.</param>
public sealed record PeerIdentity(PeerRole Role, string Name, string KeyId);
