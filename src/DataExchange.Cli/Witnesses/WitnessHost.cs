using System.Net;
using DataExchange.Cli.Audit;
using DataExchange.Cli.Hosts;
using DataExchange.Hosting;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Witnesses;

namespace DataExchange.Cli.Witnesses;

/// <summary>A witness as a process of its own: <c>POST /add-checkpoint</c> and <c>GET /ORIGIN-HASH/checkpoint</c>. Source: C2SP tlog-witness.</summary>
internal static partial class WitnessHost
{
    private const string LockName = "lock";

    /// <exception cref="UsageException">The configuration does not hold.</exception>
    public static WebApplication Build(string config)
    {
        var builder = ConfiguredHost.Create(config);
        builder.AddExchangeLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        var options = builder.Configuration.GetSection(WitnessOptions.Section).Get<WitnessOptions>() ?? new WitnessOptions();
        if (new WitnessOptionsValidator().Validate(null, options) is { Failed: true } wrong)
            throw new UsageException(wrong.FailureMessage);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = CosignRequest.BytesMax;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Parse(options.Address), options.Port, listener =>
            {
                if (options.CertificatePath is null)
                    return;
                var certificate = new WitnessCertificate(
                    options.CertificatePath, options.CertificateKeyPath, listener.ApplicationServices.GetRequiredService<ILogger<WitnessCertificate>>());
                listener.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate.Read());
            });
        });

        var folderLock = Lock(options);
        var signer = Key(options);
        var logs = options.Logs.Select(text => AuditCommand.ReadKey(text, NoteKeyType.Ed25519, "Witness:Logs"));
        var witness = new Witness(signer, logs, name => Load(options, name), (name, bytes) => Save(options, name, bytes), TimeProvider.System);
        var app = builder.Build();
        app.MapPost("/add-checkpoint", (HttpContext context) => AddAsync(context, witness, app.Logger));
        app.MapGet("/{originHash}/checkpoint", (string originHash) =>
            witness.Latest(originHash) is { } note ? Results.Bytes(note, "text/plain; charset=utf-8") : Results.NotFound());
        app.Lifetime.ApplicationStopped.Register(folderLock.Dispose);
        Log.Witnessing(app.Logger, signer.Key.ToString(), options.Logs.Count);
        return app;
    }

    private static async Task AddAsync(HttpContext context, Witness witness, ILogger logger)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        CosignAnswer answer;
        try
        {
            answer = witness.Add(body.ToArray());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.Failed(logger, fault);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (answer.Status is CosignStatus.Unprovable)
            Log.Refused(logger, (int)answer.Status);
        context.Response.StatusCode = (int)answer.Status;
        context.Response.ContentType = answer.Status == CosignStatus.Conflict ? CosignAnswer.SizeContentType : "text/plain; charset=utf-8";
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }

    /// <summary>Two processes over one folder could cosign a fork between them.</summary>
    private static FileStream Lock(WitnessOptions options)
    {
        Directory.CreateDirectory(options.Folder);
        try
        {
            return new FileStream(Path.Combine(options.Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new UsageException("Another process uses Witness:Folder, or it cannot be written.");
        }
    }

    private static NoteSigner Key(WitnessOptions options)
    {
        var begun = Directory.EnumerateFiles(options.Folder).Any(path => Path.GetFileName(path) != LockName);
        if (!File.Exists(options.KeyPath) && begun)
            throw new UsageException("The file of Witness:KeyPath is missing, but checkpoints have been cosigned with it. Restore it.");
        if (!File.Exists(options.KeyPath))
            KeyFile.Create(options.KeyPath, NoteSigner.SeedBytes);
        return new NoteSigner(options.Name, NoteKeyType.Cosignature, KeyFile.Read(options.KeyPath, "witness key", NoteSigner.SeedBytes));
    }

    private static byte[]? Load(WitnessOptions options, string name)
    {
        var path = Path.Combine(options.Folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private static void Save(WitnessOptions options, string name, byte[] note) =>
        WholeFile.Write(Path.Combine(options.Folder, name), note, WholeFile.OwnerOnly, overwrite: true);

    private static partial class Log
    {
        [LoggerMessage(3050, LogLevel.Information, "Witness {VerifierKey} for {Logs} logs", EventName = "Witnessing")]
        internal static partial void Witnessing(ILogger logger, string verifierKey, int logs);

        [LoggerMessage(3051, LogLevel.Warning, "A checkpoint signed by its log is not what was cosigned before it, answered {Status}: a log that forks or goes back", EventName = "CheckpointRefused")]
        internal static partial void Refused(ILogger logger, int status);

        [LoggerMessage(3052, LogLevel.Error, "Nothing is cosigned: what was cosigned last cannot be read or written", EventName = "WitnessFailed")]
        internal static partial void Failed(ILogger logger, Exception fault);
    }
}
