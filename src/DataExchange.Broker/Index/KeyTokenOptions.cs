using System.ComponentModel.DataAnnotations;

namespace DataExchange.Broker.Index;

/// <summary>One of <c>Index:KeyTokens</c>: an AES-256 key in a PKCS#11 token. Read at start, but for the PIN.</summary>
internal sealed class KeyTokenOptions
{
    /// <summary>Full path of the vendor's PKCS#11 library. Required.</summary>
    [Required]
    [RegularExpression("/.+|[A-Za-z]:.+")]
    public string ModulePath { get; set; } = "";

    /// <summary>Label of the token, 1 to 32 characters. Required; one token of the module has it.</summary>
    [Required]
    [StringLength(32)]
    public string TokenLabel { get; set; } = "";

    /// <summary>Label of the key, 1 to 64 characters. Required; one AES key of the token has it, and it cannot be taken out of the token.</summary>
    [Required]
    [StringLength(64)]
    public string KeyLabel { get; set; } = "";

    /// <summary>File with the user's PIN in one line, readable by its owner only; read at each use. Required.</summary>
    [Required]
    public string PinFile { get; set; } = "";
}
