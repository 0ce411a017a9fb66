using System.Net.Sockets;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Cli.Joining;

/// <summary>What a department wants to be in the exchange.</summary>
/// <param name="Hub">Address, and the broker id of its certificate.</param>
/// <param name="Catalogue">File with the attributes; not read before the department is in the catalogue, since it may name key files.</param>
internal sealed record JoiningPlan(DepartmentId Department, string Name, Uri Adapter, (Uri Address, string Name) Hub, FileInfo Catalogue);

/// <summary>
/// Leads a department into the exchange: does what the department can do itself, looks at the rest, and says what is next and who must act.
/// Asked again, it goes on from where things are; it keeps no state but the files of the folder.
/// </summary>
internal sealed class JoiningWay(JoiningPlan plan, JoiningFolder folder)
{
    private const string TheDepartment = "the department";
    private const string TheManagers = "two managers of the exchange";

    /// <exception cref="IOException">A file cannot be written, or the hub does not answer.</exception>
    public async Task<IReadOnlyList<JoiningStep>> LookAsync(CancellationToken cancellationToken)
    {
        (string Step, string Who, Func<Task<string?>> Missing)[] way =
        [
            ("key", TheDepartment, () => Made(folder.MakeKey)),
            ("certificate request", TheDepartment, () => Made(folder.MakeRequest)),
            ("certificate", "the exchange's certificate authority", () => Task.FromResult(folder.CertificateFault())),
            ("department and key in the catalogue", TheManagers, () => RegistrationAsync(cancellationToken)),
            ("attributes in the catalogue", TheManagers, () => AttributesAsync(cancellationToken)),
            ("adapter", TheDepartment, () => AdapterAsync(cancellationToken)),
        ];
        var steps = new List<JoiningStep>();
        foreach (var (step, who, missing) in way)
        {
            if (steps.Any(before => before.State != StepState.Done))
                steps.Add(new JoiningStep(step, StepState.Later, who, ""));
            else
                steps.Add(await missing() is { } what ? new JoiningStep(step, StepState.Next, who, what) : new JoiningStep(step, StepState.Done, who, ""));
        }

        return steps;
    }

    private static Task<string?> Made(Action make)
    {
        make();
        return Task.FromResult<string?>(null);
    }

    private async Task<string?> RegistrationAsync(CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(client => client.ListDepartmentsAsync(new() { PageSize = 1 }, cancellationToken: cancellationToken).ResponseAsync);
            return null;
        }
        catch (RpcException refusal) when (ReasonOf(refusal) is "DEPARTMENT_UNKNOWN" or "KEY_NOT_REGISTERED")
        {
            return $"the first proposes: dx department register {plan.Department} --name '{plan.Name}' --adapter {plan.Adapter} --key {folder.CertificatePath} --reason joins --token-file TOKEN; "
                + "the second reads and approves what that prints: dx department approve PROPOSAL --hash HASH --token-file TOKEN";
        }
    }

    private async Task<string?> AttributesAsync(CancellationToken cancellationToken)
    {
        var wanted = Read(plan.Catalogue).Attributes.Where(attribute => attribute.Id.Department == plan.Department);
        var listed = new List<Wire.Attribute>();
        var page = "";
        do
        {
            var answer = await AskAsync(client => client.ListAttributesAsync(
                new() { Department = plan.Department.Value, PageSize = 1_000, PageToken = page }, cancellationToken: cancellationToken).ResponseAsync);
            listed.AddRange(answer.Attributes);
            page = answer.NextPageToken;
        }
        while (page.Length > 0);
        var missing = wanted.Where(want => !listed.Any(there => there.Id.Name == want.Id.Name && there.Type == want.Type && there.Holding == want.Holding)).ToList();
        return missing.Count == 0 ? null
            : $"not there, or of another type: {string.Join(", ", missing.Select(attribute => attribute.Id.Name))}; "
                + $"the first proposes: dx catalogue apply {plan.Catalogue} --token-file TOKEN; the second reads and approves what that prints: dx catalogue approve PROPOSAL --hash HASH --token-file TOKEN";
    }

    private async Task<string?> AdapterAsync(CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(TimeSpan.FromSeconds(5));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(plan.Adapter.Host, plan.Adapter.Port, late.Token);
            return null;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return $"start the adapter: nothing answers at {plan.Adapter.Authority}; then hold it to the contract: dx adapter verify --config verify.yaml";
        }
    }

    private async Task<T> AskAsync<T>(Func<Wire.CatalogueService.CatalogueServiceClient, Task<T>> ask)
    {
        using var credentials = folder.Load();
        using var channel = MutualTlsClient.Connect(plan.Hub.Address, credentials, new ExpectedPeer(PeerRole.Hub, plan.Hub.Name));
        try
        {
            return await ask(new(channel));
        }
        catch (RpcException refusal) when (ReasonOf(refusal) is null)
        {
            throw new IOException($"The hub does not answer at {plan.Hub.Address.Authority}: {refusal.StatusCode}.", refusal);
        }
    }

    private static CatalogueFile Read(FileInfo file)
    {
        if (!file.Exists)
            throw new UsageException($"{file} is not there.");
        using var yaml = file.OpenRead();
        var reading = CatalogueReader.Read(yaml, file.DirectoryName);
        return reading.File ?? throw new UsageException(string.Join('\n', reading.Errors));
    }

    private static string? ReasonOf(RpcException refusal) => refusal.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;
}
