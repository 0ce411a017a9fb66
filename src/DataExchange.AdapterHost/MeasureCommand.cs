using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost;

/// <summary>
/// <c>dx-adapter measure</c>: how fast a file of made-up rows gets into the outbox, durable and ready to be signed, and how fast the same rows are
/// read again. There is no hub: what signing, bus and hub cost comes on top, and <c>dx bench ingest</c> measures it.
/// </summary>
internal static class MeasureCommand
{
    public static Command Create()
    {
        var rows = new Option<int>("--rows") { Description = "Rows of the file", DefaultValueFactory = _ => 1_000_000 };
        var measure = new Command("measure", "Measure first load and unchanged re-read of a CSV file of four attributes and a link") { rows };
        measure.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = Directory.CreateTempSubdirectory("dx-adapter-measure-").FullName;
            try
            {
                await RunAsync(folder, parsed.GetValue(rows), cancellationToken);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }

            return 0;
        });
        return measure;
    }

    private static async Task RunAsync(string folder, int rows, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, "rows.csv");
        await WriteRowsAsync(data, rows);
        await File.WriteAllTextAsync(Path.Combine(folder, "adapter.yaml"), Yaml(folder), cancellationToken);
        var file = HostFile.Load(Path.Combine(folder, "adapter.yaml"), out var errors) ?? throw new IOException(string.Join('\n', errors));
        await using var app = AdapterProgram.Build(file);
        var status = app.Services.GetRequiredService<IReadOnlyList<SourceReader>>()[0].Status;
        var progress = app.Services.GetRequiredService<AdapterProgress>();

        var begun = Stopwatch.GetTimestamp();
        await app.StartAsync(cancellationToken);
        var loaded = await progress.WhenAsync(figures => figures.SourceExhausted, cancellationToken);
        Tell($"first load: {rows:N0} rows, {loaded.LastSequence:N0} changes", rows, Stopwatch.GetElapsedTime(begun), Environment.CpuUsage.TotalTime);

        var first = status.Last;
        // The seconds for which a file has to be left alone are not counted.
        File.SetLastWriteTimeUtc(data, File.GetLastWriteTimeUtc(data).AddSeconds(-10));
        (begun, var cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (ReferenceEquals(status.Last, first) && status.Problem is null)
            await poll.WaitForNextTickAsync(cancellationToken);
        Tell($"read again: {progress.Figures.LastSequence - loaded.LastSequence:N0} changes", rows, Stopwatch.GetElapsedTime(begun), Environment.CpuUsage.TotalTime - cpu);
        await app.StopAsync(CancellationToken.None);
    }

    private static void Tell(string what, int rows, TimeSpan took, TimeSpan cpu) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}; {took.TotalSeconds:F1} s, {rows / took.TotalSeconds:N0} rows/s; processor time {cpu.TotalSeconds:F1} s; working set {Environment.WorkingSet >> 20:N0} MiB; {Environment.ProcessorCount} processors"));

    private static async Task WriteRowsAsync(string path, int rows)
    {
        await using var file = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20);
        await file.WriteLineAsync("id,company,name,born,state,street");
        for (var i = 0; i < rows; i++)
            await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"P{i:D9},C{i / 3 * 7:D9},Name {i * 31 % 9973} of {i % 5003},{1930 + (i % 80)}-{1 + (i % 12):D2}-{1 + (i % 28):D2},{(i % 4 == 0 ? 'A' : 'B')},Street {i % 7919} no. {i % 200}"));
    }

    private static string Yaml(string folder)
    {
        var tls = DevelopmentCertificates.Create(Path.Combine(folder, "certificates"), "measure.example", "hub-1", [DepartmentId.Parse("measured")]).Department(DepartmentId.Parse("measured"));
        return $$"""
            adapter:
              department: measured
              state_folder: state
              hub_address: https://127.0.0.1:9
              hub_name: hub-1
              hub_key_ids: ["{{new string('0', 64)}}"]
              port: 0
              source_poll_interval: "00:00:00.020"
            tls:
              trust_domain: {{tls.TrustDomain}}
              certificate_path: {{tls.CertificatePath}}
              key_path: {{tls.KeyPath}}
              root_path: {{tls.RootPath}}
            listen: 127.0.0.1
            management: {port: 0}
            schemes:
              - {name: person, pattern: "P[0-9]{9}"}
              - {name: company, pattern: "C[0-9]{9}"}
            sources:
              - name: rows
                files: {folder: ".", pattern: rows.csv, quiet: "00:00:00"}
                subject: {column: id, scheme: person}
                links: [{column: company, scheme: company}]
                attributes:
                  - {name: name, type: text}
                  - {name: born, type: date}
                  - {name: state, type: code, codes: {A: active, B: closed} }
                  - {name: street, type: text}

            """;
    }
}
