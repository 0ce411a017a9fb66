using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Catalogue;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using ISession = Net.Pkcs11Interop.HighLevelAPI.ISession;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// An AES-256 key in a PKCS#11 token, which wraps key files and never leaves the token:
/// <code>
/// pkcs11:token=LABEL;object=LABEL LF nonce(12) AES-256-GCM(key)(32) tag(16)
/// </code>
/// Associated data is the first line and the name of the key, so that no file passes for another. Each use opens the module, a session and
/// the key anew: uses are few, and a token that was away and is back needs no further care. Thread safe; one use at a time in a process.
/// </summary>
internal sealed class KeyToken(KeyTokenOptions options)
{
    public const int WrappedBytesMax = 1_024;

    private const int CipherBytes = Aes256Gcm.NonceBytes + NumberedKeyFiles.KeyBytes + Aes256Gcm.TagBytes;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);
    private static readonly Lock Module = new();
    private static readonly Pkcs11InteropFactories Factories = Begin();

    private readonly byte[] _head = [.. Scheme, .. Encoding.ASCII.GetBytes(
        $"token={Uri.EscapeDataString(options.TokenLabel)};object={Uri.EscapeDataString(options.KeyLabel)}\n")];

    // A wrong PIN is tried once: most tokens lock themselves after a few.
    private string? _refusedPin;

    private static ReadOnlySpan<byte> Scheme => "pkcs11:"u8;

    /// <summary>As key files name it, by RFC 7512.</summary>
    public string Name => NameIn(_head);

    /// <summary>Why it could not be used when it was last looked for; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether the content of a key file is a wrapped key.</summary>
    public static bool IsWrapped(ReadOnlySpan<byte> content) => content.StartsWith(Scheme) && content.Length > NumberedKeyFiles.KeyBytes;

    /// <summary>Name of the token and key that wrapped it.</summary>
    public static string NameIn(ReadOnlySpan<byte> content) =>
        content.IndexOf((byte)'\n') is var end and >= 0 && content[..end].ToArray().All(c => c is > 0x20 and < 0x7F)
            ? Encoding.ASCII.GetString(content[..end])
            : "a token whose name is damaged";

    public bool HasWrapped(ReadOnlySpan<byte> content) => content.StartsWith(_head);

    /// <param name="key">32 bytes.</param>
    /// <param name="name">Of the key.</param>
    /// <returns>The content of its file.</returns>
    /// <exception cref="InvalidOperationException">The token cannot be used.</exception>
    public byte[] Wrap(byte[] key, string name)
    {
        // Random, since a token's key wraps a handful of keys in its life.
        var nonce = RandomNumberGenerator.GetBytes(Aes256Gcm.NonceBytes);
        return [.. _head, .. nonce, .. Use((session, own) => session.Encrypt(Gcm(session, nonce, name), own, key))];
    }

    /// <exception cref="InvalidOperationException">The token cannot be used, or has not wrapped this key.</exception>
    public byte[] Unwrap(byte[] content, string name)
    {
        if (content.Length != _head.Length + CipherBytes)
            throw new InvalidOperationException($"The {name} file is not as it was written: restore it from the backup.");
        var nonce = content[_head.Length..(_head.Length + Aes256Gcm.NonceBytes)];
        try
        {
            return Use((session, own) => session.Decrypt(Gcm(session, nonce, name), own, content[^(CipherBytes - Aes256Gcm.NonceBytes)..]));
        }
        catch (InvalidOperationException e) when (e.InnerException is Pkcs11Exception { Method: "C_Decrypt" or "C_DecryptFinal" })
        {
            throw new InvalidOperationException($"The {name} file is damaged, or {Name} is another key than the one that wrapped it.", e.InnerException);
        }
    }

    /// <summary>Looks whether the key can still be reached.</summary>
    public void Check()
    {
        try
        {
            Fault = Use((_, _) => (string?)null);
        }
        catch (InvalidOperationException e)
        {
            Fault = e.Message;
        }
    }

    private T Use<T>(Func<ISession, IObjectHandle, T> use)
    {
        try
        {
            // A module that waits for its machine for ever must not keep a start from saying so.
            return Task.Run(() => UseNow(use)).WaitAsync(AnswerTimeout).GetAwaiter().GetResult();
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{Name} did not answer within {AnswerTimeout.TotalSeconds:N0} s.", e);
        }
    }

    private T UseNow<T>(Func<ISession, IObjectHandle, T> use)
    {
        try
        {
            var pin = ReadPin();
            if (!Module.TryEnter(AnswerTimeout))
                throw new InvalidOperationException($"{Name}: a module has not answered an earlier call yet.");
            try
            {
                using var module = Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Factories, options.ModulePath, AppType.MultiThreaded);
                var slots = module.GetSlotList(SlotsType.WithTokenPresent).Where(slot => slot.GetTokenInfo().Label.TrimEnd() == options.TokenLabel).ToList();
                if (slots.Count != 1)
                    throw new InvalidOperationException($"{Name}: the module has {slots.Count} tokens of that label instead of one.");
                using var session = slots[0].OpenSession(SessionType.ReadOnly);
                Login(session, pin);
                return use(session, FindKey(session));
            }
            finally
            {
                Module.Exit();
            }
        }
        catch (Pkcs11Exception e)
        {
            throw new InvalidOperationException($"{Name} cannot be used: {e.Method} answers {e.RV}.", e);
        }
        catch (Exception e) when (e is UnmanagedException or DllNotFoundException)
        {
            throw new InvalidOperationException($"{Name}: the module of KeyTokens:ModulePath cannot be loaded.", e);
        }
    }

    /// <summary>The package asks for <c>libdl</c> by a name that only development packages install.</summary>
    private static Pkcs11InteropFactories Begin()
    {
        NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, (name, _, _) =>
            name == "libdl" && NativeLibrary.TryLoad("libdl.so.2", out var library) ? library : 0);
        return new Pkcs11InteropFactories();
    }

    private string ReadPin()
    {
        try
        {
            var pin = SecretFile.Read(options.PinFile);
            return pin != _refusedPin ? pin : throw new InvalidOperationException($"{Name} has refused the PIN; it is not tried again until the PIN file holds another.");
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"{Name}: the file of KeyTokens:PinFile cannot be used. {e.Message}", e);
        }
    }

    private void Login(ISession session, string pin)
    {
        try
        {
            session.Login(CKU.CKU_USER, pin);
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_LEN_RANGE or CKR.CKR_PIN_INVALID)
        {
            _refusedPin = pin;
            throw;
        }
    }

    /// <summary>A key that could be read out of the token would protect no more than a file does.</summary>
    private IObjectHandle FindKey(ISession session)
    {
        var attributes = session.Factories.ObjectAttributeFactory;
        var found = session.FindAllObjects(
        [
            attributes.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY),
            attributes.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES),
            attributes.Create(CKA.CKA_LABEL, options.KeyLabel),
        ]);
        if (found.Count != 1)
            throw new InvalidOperationException($"{Name}: the token has {found.Count} AES keys of that label instead of one.");
        var key = session.GetAttributeValue(found[0], [CKA.CKA_EXTRACTABLE, CKA.CKA_VALUE_LEN]);
        if (key[0].GetValueAsBool())
            throw new InvalidOperationException($"{Name}: the key can be taken out of the token (CKA_EXTRACTABLE); make one that cannot.");
        return key[1].GetValueAsUlong() == Aes256Gcm.KeyBytes
            ? found[0]
            : throw new InvalidOperationException($"{Name}: the key has {key[1].GetValueAsUlong()} bytes instead of {Aes256Gcm.KeyBytes}.");
    }

    private IMechanism Gcm(ISession session, byte[] nonce, string name) => session.Factories.MechanismFactory.Create(
        CKM.CKM_AES_GCM,
        session.Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, (ulong)nonce.Length * 8, [.. _head, .. Encoding.ASCII.GetBytes(name)], Aes256Gcm.TagBytes * 8));
}
