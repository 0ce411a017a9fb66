using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>
/// The tables, as numbered steps in the SQL that SQLite and PostgreSQL share. A step once released never changes: the next one adds.
/// A test holds them against the mapping of <see cref="CatalogueContext"/>.
/// </summary>
internal static class CatalogueSchema
{
    private const int AttemptsMax = 5;

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE catalogue_version (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, applied_at BIGINT NOT NULL);
        INSERT INTO catalogue_version (id, version, applied_at) VALUES (1, 0, 0);
        CREATE TABLE departments (
          id TEXT PRIMARY KEY, name TEXT NOT NULL, adapter_address TEXT, accepted_epoch TEXT, suspended BOOLEAN NOT NULL);
        CREATE TABLE department_keys (
          key_id TEXT PRIMARY KEY, department TEXT NOT NULL REFERENCES departments (id), public_key TEXT NOT NULL, uses TEXT NOT NULL);
        CREATE TABLE schemes (name TEXT PRIMARY KEY, pattern TEXT, length INTEGER, normalize TEXT NOT NULL);
        CREATE TABLE attributes (id TEXT PRIMARY KEY, title TEXT NOT NULL, type TEXT NOT NULL, holding TEXT NOT NULL, max_age BIGINT);
        CREATE TABLE link_rights (
          department TEXT NOT NULL REFERENCES departments (id), scheme_a TEXT NOT NULL, scheme_b TEXT NOT NULL,
          PRIMARY KEY (department, scheme_a, scheme_b));
        CREATE TABLE grants (
          consumer TEXT NOT NULL REFERENCES departments (id), attribute TEXT NOT NULL REFERENCES attributes (id), purpose TEXT NOT NULL,
          legal_basis TEXT NOT NULL, valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL,
          PRIMARY KEY (consumer, attribute, purpose));
        """,
        """
        ALTER TABLE attributes ADD COLUMN sharing TEXT NOT NULL DEFAULT 'Conditional';
        ALTER TABLE attributes ADD COLUMN sensitivity TEXT NOT NULL DEFAULT 'Personal';
        ALTER TABLE attributes ADD COLUMN legal_source TEXT;
        ALTER TABLE attributes ADD COLUMN claims TEXT;
        CREATE TABLE calendar_days (day TEXT PRIMARY KEY, working BOOLEAN NOT NULL);
        CREATE TABLE persons (
          id TEXT PRIMARY KEY, role TEXT NOT NULL, department TEXT, token_issued_at BIGINT NOT NULL, token_expires_at BIGINT NOT NULL, withdrawn_at BIGINT);
        CREATE TABLE proposals (
          id TEXT PRIMARY KEY, content TEXT NOT NULL, content_hash TEXT NOT NULL, scope TEXT, base_version BIGINT NOT NULL,
          proposed_by TEXT NOT NULL, proposed_as TEXT NOT NULL, proposed_for TEXT, proposed_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
          state TEXT NOT NULL, decided_by TEXT, decided_at BIGINT, applied_version BIGINT, grant_request TEXT);
        CREATE INDEX proposals_by_state ON proposals (state, proposed_at);
        CREATE TABLE grant_requests (
          id TEXT PRIMARY KEY, consumer TEXT NOT NULL, attribute TEXT NOT NULL, owner TEXT NOT NULL, purpose TEXT NOT NULL, legal_basis TEXT NOT NULL,
          valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL, requested_at BIGINT NOT NULL, due_at BIGINT NOT NULL, escalated_at BIGINT,
          state TEXT NOT NULL, proposal TEXT, decided_by TEXT, decided_at BIGINT, reasons TEXT);
        CREATE INDEX grant_requests_by_state ON grant_requests (state, due_at);
        """,
    ];

    /// <summary>Brings the tables up to the newest step. Several processes may do so at once: one does the work.</summary>
    /// <exception cref="CatalogueUnavailableException">A newer release has already changed the tables.</exception>
    public static async Task UpgradeAsync(Func<CatalogueContext> open, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var context = open();
                if (await TryUpgradeAsync(context, cancellationToken))
                    return;
            }
            catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable)
            {
                // PostgreSQL lets CREATE TABLE IF NOT EXISTS fail in one of two sessions that run it at once: look again.
            }

            if (attempt == AttemptsMax)
                throw new CatalogueUnavailableException("The catalogue's tables are being changed by another process.");
        }
    }

    private static async Task<bool> TryUpgradeAsync(CatalogueContext context, CancellationToken cancellationToken)
    {
        var database = context.Database;
        await database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS catalogue_schema (id INTEGER PRIMARY KEY, step INTEGER NOT NULL)", cancellationToken);
        await database.ExecuteSqlRawAsync("INSERT INTO catalogue_schema (id, step) VALUES (1, 0) ON CONFLICT DO NOTHING", cancellationToken);
        var step = await database.SqlQueryRaw<int>("SELECT step AS \"Value\" FROM catalogue_schema WHERE id = 1").SingleAsync(cancellationToken);
        if (step == Steps.Length)
            return true;
        if (step > Steps.Length)
            throw new CatalogueUnavailableException("The catalogue's tables were made by a newer release.");

        await using var transaction = await database.BeginTransactionAsync(cancellationToken);
        // The row's lock makes a second process wait here; it then finds the step taken.
        if (await database.ExecuteSqlAsync($"UPDATE catalogue_schema SET step = {Steps.Length} WHERE id = 1 AND step = {step}", cancellationToken) != 1)
            return false;
        foreach (var statements in Steps[step..])
            await database.ExecuteSqlRawAsync(statements, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
