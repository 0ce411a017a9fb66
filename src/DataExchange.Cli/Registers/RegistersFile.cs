using DataExchange.Cli.Exchange;
using DataExchange.Cli.Hosts;
using DataExchange.Contracts;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace DataExchange.Cli.Registers;

/// <summary>A folder of registers as published files, described by its <c>registers.yaml</c>.</summary>
internal sealed class RegistersFile
{
    public const string FileName = "registers.yaml";

    public required DateOnly Published { get; init; }
    public required Dictionary<string, DeclaredSchemeEntry> Schemes { get; init; }
    public required List<Register> Registers { get; init; }
    public required ConsumerEntry Consumer { get; init; }

    [YamlIgnore]
    public string Folder { get; private set; } = "";

    /// <exception cref="UsageException">The folder or its description cannot be read; says what to mend.</exception>
    public static RegistersFile Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var file = new DeserializerBuilder()
                .WithNamingConvention(UnderscoredNamingConvention.Instance)
                .WithTypeConverter(new DateOnlyYaml())
                .Build()
                .Deserialize<RegistersFile>(File.ReadAllText(path));
            foreach (var register in file.Registers)
                register.Folder = folder;
            file.Folder = folder;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read. Run from the repository, or name the folder with --data.");
        }
        catch (YamlException e)
        {
            throw new UsageException($"{path} line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    /// <summary>An exchange of all registers.</summary>
    public ExchangePlan Plan() => new(
        [.. Registers.Select(Plan)],
        [.. Schemes.Select(s => new PlannedScheme(s.Key, s.Value.Pattern, s.Value.Normalize))],
        [.. Registers.Where(r => r.Links is not null)
            .SelectMany(r => Schemes.Keys.Where(s => s != r.Scheme).Select(s => new PlannedLinkRight(r.Department, r.Scheme, s)))],
        new PlannedConsumer(Consumer.Department, Consumer.Title, Consumer.Purpose, Consumer.LegalBasis),
        Published);

    private PlannedDepartment Plan(Register register) => new(
        register.Department,
        register.Title,
        [.. register.Attributes.Select(c => new PlannedAttribute(c, $"{c} in {register.Title}", "text", register.Located.Contains(c)))],
        new RegisterSource(register, Published).Count(),
        RegisterSettings.Section,
        new RegisterSettings { Folder = Folder, Department = register.Department });

    /// <summary>The folder <c>samples/uk-public-bodies</c> of this checkout, seen from the current folder or from the program.</summary>
    public static string FindSamples()
    {
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var samples = Path.Combine(folder.FullName, "samples", "uk-public-bodies");
                if (File.Exists(Path.Combine(samples, FileName)))
                    return samples;
            }
        }

        throw new UsageException("samples/uk-public-bodies was not found above the current folder. Run from the repository, or name the folder with --data.");
    }

    internal sealed class DeclaredSchemeEntry
    {
        public required string Title { get; init; }
        public required string Pattern { get; init; }
        public List<string> Normalize { get; init; } = [];
    }

    internal sealed class ConsumerEntry
    {
        public required string Department { get; init; }
        public required string Title { get; init; }
        public required string Purpose { get; init; }
        public required string LegalBasis { get; init; }
    }

    private sealed class DateOnlyYaml : IYamlTypeConverter
    {
        public bool Accepts(Type type) => type == typeof(DateOnly);

        public object ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer) =>
            DateOnly.ParseExact(parser.Consume<YamlDotNet.Core.Events.Scalar>().Value, "yyyy-MM-dd");

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer) => throw new NotSupportedException();
    }
}

/// <summary>One department's register: a tab-separated file whose column named like the scheme holds the identifier.</summary>
internal sealed class Register
{
    public required string Department { get; init; }
    public required string Title { get; init; }
    public required string File { get; init; }
    public required string Scheme { get; init; }

    /// <summary>Columns whose values the hub may hold.</summary>
    public List<string> Held { get; init; } = [];

    /// <summary>Columns whose values stay here and are fetched live.</summary>
    public List<string> Located { get; init; } = [];

    /// <summary>Folder of maps, each stating which identifier of its first column's scheme is which body; null for none.</summary>
    public string? Links { get; init; }

    [YamlIgnore]
    public string Folder { get; set; } = "";

    [YamlIgnore]
    public IEnumerable<string> Attributes => Held.Concat(Located);

    /// <summary>The register's rows, in file order.</summary>
    public IEnumerable<TsvRow> Rows() => TsvRow.Read(Path.Combine(Folder, File));

    /// <summary>(identifier, body) of every non-blank map row, in file order; none for a register that states no links.</summary>
    public IEnumerable<(Identifier Mapped, Identifier Body)> LinkRows() => Links is null ? [] : TsvRow.Maps(Path.Combine(Folder, Links))
        .Where(row => row.Body.Length > 0)
        .Select(row => (new Identifier(row.Scheme, row.Value), new Identifier(Scheme, row.Body)));
}
