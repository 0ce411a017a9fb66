using System.Net;
using DataExchange.Adapter;
using DataExchange.Cli.Registers;
using DataExchange.Cli.Simulation;
using DataExchange.Hosting;

namespace DataExchange.Cli.Hosts;

/// <summary>One register, or one simulated department: adapter, gRPC service, publisher. The same host in the demo and as a process of its own.</summary>
internal static class DepartmentHost
{
    /// <param name="config">Full path of the department's JSON configuration; environment variables override it.</param>
    /// <param name="shared">The hub's in-memory bus when both live in one process; else the configured bus or the ingress.</param>
    public static WebApplication Build(string config, ReliablePublisher? shared = null)
    {
        var builder = ConfiguredHost.Create(config);
        var adapter = builder.AddDepartmentAdapter(listen: Listener(builder.Configuration));
        AddSource(adapter, builder.Configuration);
        if (shared is not null)
        {
            builder.Services.AddSingleton(shared);
            adapter.UseBus();
        }
        else if (builder.Configuration.GetSection("Bus").Exists())
        {
            builder.Services.AddExchangeBus(builder.Configuration);
            adapter.UseBus();
        }
        else
        {
            adapter.UseIngress();
        }

        // In one process with the hub its meters and health are the process's.
        if (shared is null)
            builder.AddExchangeTelemetry("dataexchange-department");
        else
            builder.AddExchangeLogging();

        var app = builder.Build();
        if (shared is null)
            app.UseManagementPort();
        app.MapDepartmentAdapter();
        return app;
    }

    /// <summary>What the configuration names: a register's files, or a department of a population.</summary>
    private static void AddSource(DepartmentAdapterBuilder adapter, ConfigurationManager configuration)
    {
        if (configuration.GetSection(PopulationSettings.Section).Get<PopulationSettings>() is { } population)
        {
            var department = SimulatedDepartment.All.Single(d => d.Id.Value == population.Department);
            adapter.AddChangeSource(_ => new PopulationSource(new Population(population.Persons, population.Seed), department));
            return;
        }

        var settings = configuration.GetRequiredSection(RegisterSettings.Section).Get<RegisterSettings>()!;
        var registers = RegistersFile.Load(settings.Folder);
        var source = new RegisterSource(registers.Registers.Single(r => r.Department == settings.Department), registers.Published);
        adapter.AddChangeSource(_ => source).AddLiveSource(_ => source);
    }

    private static IPEndPoint Listener(ConfigurationManager configuration) => new(
        IPAddress.Parse(configuration["Adapter:Address"] ?? IPAddress.Any.ToString()),
        configuration.GetRequiredSection("Adapter:Port").Get<int>());
}

/// <summary>Section <c>Register</c>: which register of which folder this department is.</summary>
internal sealed class RegisterSettings
{
    public const string Section = "Register";

    /// <summary>Folder with registers.yaml.</summary>
    public required string Folder { get; init; }

    public required string Department { get; init; }
}
