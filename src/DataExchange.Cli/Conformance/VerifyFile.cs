using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Conformance;

/// <summary>Reads <c>verify.yaml</c> and checks all of it. Paths are relative to the file.</summary>
internal sealed class VerifyFile
{
    private const int CertificatesMax = 8;
    private const int CommandsMax = 64;
    private const int WordsMax = 64;
    private const string TimeRule = "must be a length of time as 00:00:05";
    private const string FileRule = "must be a file that is there";

    private readonly YamlErrors _errors = new();
    private readonly string _folder;

    private VerifyFile(string folder) => _folder = folder;

    /// <summary>Null where there are errors: every one of them, in the order of the file.</summary>
    /// <exception cref="IOException">The file, or the catalogue, cannot be read.</exception>
    public static VerifyConfig? Load(string path, out IReadOnlyList<YamlError> errors)
    {
        var file = new VerifyFile(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var yaml = File.OpenRead(path);
        var config = YamlTree.Read(yaml, file._errors) is { } root ? file.ReadRoot(new YamlFields(root, "", file._errors)) : null;
        errors = file._errors.InOrder();
        return errors.Count == 0 ? config : null;
    }

    private VerifyConfig? ReadRoot(YamlFields root)
    {
        root.Required<DepartmentId>("department", DepartmentId.TryParse, CodeName.Rule, out var department);
        root.Required<Uri>("address", TryAddress, "must be an address as https://host:7443", out var address);
        root.Optional<IPEndPoint>("listen", TryListen, "must be an IP address and a port as 127.0.0.1:7443", out var listen);
        var catalogue = ReadCatalogue(root);
        var hub = ReadHub(root);
        var config = hub is null || address is null || catalogue is null ? null : new VerifyConfig
        {
            Department = department, Address = address, Catalogue = catalogue, Hub = hub, Folder = _folder, Listen = listen,
        };
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var expired = Section(root, "expired", fields => ReadCaller(fields, certificate => certificate.NotAfter.ToUniversalTime() < now, "must have expired"));
        var others = root.List("others", CertificatesMax).Select(item => Read(item, fields => ReadCaller(
            fields, certificate => certificate.NotBefore.ToUniversalTime() <= now && now <= certificate.NotAfter.ToUniversalTime(), "must be valid now"))).OfType<CertificateFiles>().ToList();
        var question = Section(root, "question", ReadQuestion);
        var revoked = Section(root, "revoked", ReadQuestion);
        var commands = Section(root, "commands", ReadCommands);
        var limits = Section(root, "limits", ReadLimits);
        if (catalogue is not null && department.Value is not null && catalogue.Departments.All(known => known.Id != department))
            root.Refuse("department", "must be in the catalogue");
        root.End();
        return config is null ? null : config with
        {
            Expired = expired,
            Others = others,
            Question = question ?? config.Question,
            Revoked = revoked,
            Commands = commands ?? config.Commands,
            Limits = limits ?? config.Limits,
        };
    }

    private CatalogueFile? ReadCatalogue(YamlFields root)
    {
        if (!root.Required<string>("catalogue_path", TryFile, FileRule, out var path))
            return null;
        using var yaml = File.OpenRead(path);
        var reading = CatalogueReader.Read(yaml, Path.GetDirectoryName(path));
        if (reading.File is null)
            root.Refuse("catalogue_path", $"must be a good catalogue: {string.Join("; ", reading.Errors.Take(10))}");
        return reading.File;
    }

    private TlsOptions? ReadHub(YamlFields root)
    {
        if (root.Map("hub", required: true) is not { } fields)
            return null;
        fields.Required<string>("trust_domain", TryDomain, TlsOptions.TrustDomainRule, out var domain);
        fields.Required<string>("root_path", TryFile, FileRule, out var roots);
        var files = ReadCertificate(fields);
        return fields.End() && files is not null
            ? new TlsOptions { TrustDomain = domain!, RootPath = roots!, CertificatePath = files.Certificate, KeyPath = files.Key }
            : null;
    }

    private CertificateFiles? ReadCertificate(YamlFields fields)
    {
        fields.Required<string>("certificate_path", TryFile, FileRule, out var certificate);
        fields.Required<string>("key_path", TryFile, FileRule, out var key);
        return certificate is null || key is null ? null : new CertificateFiles(certificate, key);
    }

    /// <summary>A refusal says something only of a certificate that is what it is named for.</summary>
    private CertificateFiles? ReadCaller(YamlFields fields, Func<X509Certificate2, bool> isMeant, string rule)
    {
        if (ReadCertificate(fields) is not { } files)
            return null;
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(files.Certificate);
            if (!isMeant(certificate))
                fields.Refuse("certificate_path", rule);
        }
        catch (CryptographicException)
        {
            // What is no certificate at all is told when it is used.
        }

        return files;
    }

    private static Question ReadQuestion(YamlFields fields)
    {
        string Word(string name)
        {
            fields.Required<string>(name, TryWord, "must be 1 to 128 characters", out var word);
            return word ?? "";
        }

        return new Question(Word("consumer"), Word("purpose"), Word("legal_basis"), Word("case"));
    }

    private VerifyCommands ReadCommands(YamlFields fields) => new()
    {
        Check = ReadCommand(fields, "check"),
        CheckBad = [.. fields.List("check_bad", CommandsMax).Select(item => Words(item.Node, item.Path)).OfType<IReadOnlyList<string>>()],
        Change = ReadCommand(fields, "change"),
        Withdraw = ReadCommand(fields, "withdraw"),
        Restart = ReadCommand(fields, "restart"),
    };

    private List<string>? ReadCommand(YamlFields fields, string name)
    {
        var words = fields.List(name, WordsMax);
        return words.Count == 0 ? null : [.. words.Select(word => Word(word.Node, word.Path))];
    }

    private List<string>? Words(YamlNode node, string path)
    {
        if (node is YamlList { Items.Count: > 0 and <= WordsMax } list)
            return [.. list.Items.Select((item, i) => Word(item, $"{path}[{i}]"))];
        _errors.Add(path, node, $"must be a program and its arguments, a list of at most {WordsMax}");
        return null;
    }

    private string Word(YamlNode node, string path)
    {
        if (node is YamlText { Value.Length: > 0 } text)
            return text.Value;
        _errors.Add(path, node, "must be text, and not empty");
        return "";
    }

    private static VerifyLimits ReadLimits(YamlFields fields)
    {
        var usual = new VerifyLimits();
        return new VerifyLimits
        {
            Answer = Time(fields, "answer", usual.Answer, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(30)),
            Change = Time(fields, "change", usual.Change, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Restart = Time(fields, "restart", usual.Restart, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Command = Time(fields, "command", usual.Command, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Clock = Time(fields, "clock", usual.Clock, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Batches = Number(fields, "batches", usual.Batches, 1_000_000),
            LoadCalls = Number(fields, "load_calls", usual.LoadCalls, 100_000),
            LoadAtOnce = Number(fields, "load_at_once", usual.LoadAtOnce, 1_000),
        };
    }

    private static TimeSpan Time(YamlFields fields, string name, TimeSpan usual, TimeSpan least, TimeSpan most)
    {
        bool Parse(string? text, out TimeSpan time) => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out time) && time >= least && time <= most;
        fields.Optional<TimeSpan>(name, Parse, $"{TimeRule}, {least:c} to {most:c}", out var stated);
        return stated == default ? usual : stated;
    }

    private static int Number(YamlFields fields, string name, int usual, int most)
    {
        bool Parse(string? text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;
        fields.Optional<int>(name, Parse, $"must be a whole number from 1 to {most}", out var stated);
        return stated == 0 ? usual : stated;
    }

    private static T? Section<T>(YamlFields root, string name, Func<YamlFields, T?> read)
        where T : class
    {
        if (root.Map(name) is not { } fields)
            return null;
        var value = read(fields);
        return fields.End() ? value : null;
    }

    private T? Read<T>((YamlNode Node, string Path) item, Func<YamlFields, T?> read)
        where T : class
    {
        var fields = new YamlFields(item.Node, item.Path, _errors);
        var value = read(fields);
        return fields.End() ? value : null;
    }

    private static bool TryAddress(string? text, out Uri address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address!) && address.Scheme == Uri.UriSchemeHttps;

    private static bool TryListen(string? text, out IPEndPoint listen) => IPEndPoint.TryParse(text ?? "", out listen!) && listen.Port > 0;

    private static bool TryDomain(string? text, out string domain) => TlsOptions.IsTrustDomain(domain = text!);

    private static bool TryWord(string? text, out string word) => (word = text ?? "").Length is > 0 and <= 128;

    private bool TryFile(string? text, out string path) => File.Exists(path = string.IsNullOrEmpty(text) ? "" : Path.GetFullPath(text, _folder));
}
