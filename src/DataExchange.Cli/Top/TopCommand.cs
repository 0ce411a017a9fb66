using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace DataExchange.Cli.Top;

/// <summary><c>dx top</c>: a hub's departments, lag, rates, errors and dead letters, as its management port tells them.</summary>
internal static class TopCommand
{
    private const double IntervalMin = 0.5;
    private const double IntervalMax = 60;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var management = new Option<Uri>("--management")
        {
            Description = "The hub's management port, where health is answered",
            CustomParser = AddressSwitch.Parse,
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:9464"),
        };
        SwitchRule.Add(management, address => address?.Scheme is "http" or "https", "--management must be an http address, as http://127.0.0.1:9464");
        var interval = new Option<double>("--interval") { Description = $"Seconds between two looks, {IntervalMin} to {IntervalMax}", DefaultValueFactory = _ => 2 };
        SwitchRule.Add(interval, seconds => seconds is >= IntervalMin and <= IntervalMax, $"--interval must be {IntervalMin} to {IntervalMax}");
        var once = new Option<bool>("--once") { Description = "Two looks, one page, then end; exit code 1 unless the hub is healthy" };
        var json = new Option<bool>("--json") { Description = "One JSON object a look, a line each" };
        var command = new Command("top", "Watch a hub: departments, lag, rates, errors, dead letters") { management, interval, once, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new HttpClient { BaseAddress = parsed.GetRequiredValue(management), Timeout = AnswerLimit };
            var pause = TimeSpan.FromSeconds(parsed.GetValue(interval));
            var output = parsed.GetValue(json) ? parsed.InvocationConfiguration.Output : null;
            if (parsed.GetValue(once))
                return await OnceAsync(client, pause, output, cancellationToken);
            try
            {
                await (output is null ? WatchAsync(client, pause, cancellationToken) : FollowAsync(client, pause, output, cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ctrl-C is how one leaves.
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<int> OnceAsync(HttpClient client, TimeSpan pause, TextWriter? json, CancellationToken cancellationToken)
    {
        var before = await LookAsync(client, cancellationToken);
        await Task.Delay(pause, cancellationToken);
        var look = await LookAsync(client, cancellationToken);
        if (json is null)
            AnsiConsole.Write(TopView.Page(look, before));
        else
            await WriteAsync(look, json);
        return look.Status == "Healthy" ? ExitCode.Ok : ExitCode.Finding;
    }

    private static Task WatchAsync(HttpClient client, TimeSpan pause, CancellationToken cancellationToken) =>
        AnsiConsole.Live(new Text("Looking for the hub")).StartAsync(async screen =>
        {
            using var timer = new PeriodicTimer(pause);
            HubLook? before = null;
            do
            {
                try
                {
                    var look = await LookAsync(client, cancellationToken);
                    screen.UpdateTarget(TopView.Page(look, before));
                    before = look;
                }
                catch (IOException gone) when (before is not null)
                {
                    // It may be started anew: whoever watches wants to see it come back.
                    screen.UpdateTarget(new Rows(new Markup($"[red]{Markup.Escape(gone.Message)}[/]"), TopView.Page(before, null)));
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        });

    private static async Task FollowAsync(HttpClient client, TimeSpan pause, TextWriter output, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(pause);
        do
            await WriteAsync(await LookAsync(client, cancellationToken), output);
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <exception cref="IOException">There is no hub, or what answers is none.</exception>
    private static async Task<HubLook> LookAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            // Not OK where the hub is not healthy: the document says why.
            using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            return HubLook.Read(await response.Content.ReadAsStreamAsync(cancellationToken), TimeProvider.System.GetUtcNow());
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or JsonException or TaskCanceledException { InnerException: TimeoutException })
        {
            throw new IOException($"No hub tells its health at {client.BaseAddress}: {unreachable.Message} Give the address of section Management with --management.");
        }
    }

    private static Task WriteAsync(HubLook look, TextWriter output) => output.WriteLineAsync(JsonSerializer.Serialize(look, Format));
}
