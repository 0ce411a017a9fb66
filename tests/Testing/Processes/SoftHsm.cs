using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace DataExchange.Testing;

/// <summary>
/// Tokens of SoftHSM2 in a folder of their own, for this process and those that it starts. One at a time: the module takes its folder from
/// the process's environment.
/// </summary>
public sealed class SoftHsm : IDisposable
{
    public const string Module = "/usr/lib/softhsm/libsofthsm2.so";
    public const string Pin = "1234-not-a-secret";

    private const string Variable = "SOFTHSM2_CONF";
    private readonly TempFolder _folder = new();

    public SoftHsm()
    {
        Directory.CreateDirectory(TokenFolder);
        File.WriteAllText(Configuration, $"directories.tokendir = {TokenFolder}\nobjectstore.backend = file\nlog.level = ERROR\n");
        WritePin(Pin);
        // The runtime keeps an environment of its own, which native code does not see.
        _ = SetEnvironment(Variable, Configuration, 1);
    }

    public string PinFile => _folder["pin"];

    private string TokenFolder => _folder["tokens"];

    private string Configuration => _folder["softhsm2.conf"];

    public void WritePin(string pin)
    {
        File.WriteAllText(PinFile, pin + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(PinFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>A token with one AES-256 key, which cannot be taken out of it.</summary>
    public async Task AddAsync(string token, string key)
    {
        await RunAsync("--init-token", "--free", "--label", token, "--pin", Pin, "--so-pin", "so-" + Pin);
        // Digits: of keys of random bytes the tool imported some that the module then could not use.
        await File.WriteAllTextAsync(_folder["key"], RandomNumberGenerator.GetHexString(32));
        await RunAsync("--import", _folder["key"], "--aes", "--token", token, "--label", key, "--id", "01", "--pin", Pin);
        File.Delete(_folder["key"]);
    }

    /// <summary>All tokens are gone, as if the machine's cable were pulled.</summary>
    public void TakeAway()
    {
        Directory.Move(TokenFolder, TokenFolder + "-away");
        Directory.CreateDirectory(TokenFolder);
    }

    public void BringBack()
    {
        Directory.Delete(TokenFolder, recursive: true);
        Directory.Move(TokenFolder + "-away", TokenFolder);
    }

    public void Dispose() => _folder.Dispose();

    private async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("softhsm2-util", arguments);
        start.Environment[Variable] = Configuration;
        await ServerProcess.RunAsync(start);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}
