using DataExchange.Hosting;

namespace DataExchange.Broker.Index;

/// <summary>The file of the hub key. It lies outside the index, so that whoever gets the index alone can tell of nobody whether they are in it.</summary>
internal static class HubKeyFile
{
    /// <param name="path">The file.</param>
    /// <param name="mayCreate">Only while the index is empty: under a new key nobody in it would be found again.</param>
    /// <exception cref="InvalidOperationException">There is no key and none may be made, or the file is not a key file as it must be.</exception>
    public static byte[] LoadOrCreate(string path, bool mayCreate)
    {
        if (!File.Exists(path))
        {
            if (!mayCreate)
                throw new InvalidOperationException("The hub key file is missing but the index is not empty. Restore the file; without it nobody in the index can be found.");
            KeyFile.Create(path, SubjectKeys.HubKeyBytes);
        }

        return KeyFile.Read(path, "hub key", SubjectKeys.HubKeyBytes);
    }
}
