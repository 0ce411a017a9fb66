using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Claims;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>Signs persons in: the token proves who, what is known of the person decides whether it still counts.</summary>
internal sealed class Persons(IOptions<PersonOptions> options)
{
    /// <summary>Subjects longer than this are no subject of an issuer that keeps to OpenID Connect Core, section 2.</summary>
    private const int SubjectLengthMax = 255;

    /// <exception cref="RpcException">There is no valid token with one role, of this department or of none.</exception>
    public async Task<Person> ReadAsync(ServerCallContext context) =>
        await TryReadAsync(context) ?? throw ExchangeError.Of(ErrorReasons.TokenMissing).ToRpcException();

    /// <summary>Null for a call without a token.</summary>
    public async Task<Person?> TryReadAsync(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.Request.Headers.Authorization.Count == 0)
            return null;
        if (options.Value.Issuer.Length == 0)
            throw new ExchangeError(ErrorReasons.TokenRefused, "This hub has no issuer configured: no person can sign in.").ToRpcException();
        var result = await http.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        if (!result.Succeeded || !TryRead(result.Principal, out var person))
            throw ExchangeError.Of(ErrorReasons.TokenRefused).ToRpcException();
        if (person.Department is { } department && department.Value != context.GetPeer().Name)
            throw new ExchangeError(ErrorReasons.RoleMissing, "The person is of another department than the one that calls.").ToRpcException();
        return person;
    }

    /// <summary>Within the act that the person is about to do, so that a role that is being withdrawn is withdrawn before it or after it.</summary>
    /// <exception cref="RpcException">The token no longer counts, or the role is none of <paramref name="roles"/>.</exception>
    public static async Task AdmitAsync(CatalogueTransaction change, Person person, params PersonRole[] roles)
    {
        var known = await KnownAsync(change, person.Id);
        if (person.Admit(known, change.Now, out var admitted) is { } refusal)
            throw ExchangeError.Of(refusal).ToRpcException();
        if (!roles.Contains(person.Role))
            throw ExchangeError.Of(ErrorReasons.RoleMissing).ToRpcException();
        change.By = person.Id;
        if (known is null)
            change.Add(admitted);
        else if (known != admitted)
            change.Replace(known, admitted);
    }

    /// <summary>Tokens issued to the person until now count no more.</summary>
    public static Task<bool> WithdrawRoleAsync(CatalogueStore store, Person by, string person, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            await AdmitAsync(change, by, PersonRole.Operate);
            Proposals.Require(by.IsOfExchange);
            if (by.Id == person)
                throw ExchangeError.Invalid([new FieldError("person", "must be somebody else")]).ToRpcException();
            var known = await KnownAsync(change, person) ?? throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
            // Of an issuer whose clock is ahead, the newest token too.
            change.Replace(known, known with { WithdrawnAt = known.TokenIssuedAt > change.Now ? known.TokenIssuedAt : change.Now });
            return true;
        },
        cancellationToken,
        catalogue: false);

    public static Task<PersonRow?> KnownAsync(CatalogueTransaction change, string id) => change.Rows<PersonRow>().SingleOrDefaultAsync(row => row.Id == id);

    private bool TryRead(ClaimsPrincipal token, [NotNullWhen(true)] out Person? person)
    {
        person = null;
        var subject = token.FindFirstValue("sub");
        if (subject is not { Length: > 0 and <= SubjectLengthMax } || subject.Any(char.IsControl))
            return false;
        if (!TryMoment(token, "iat", out var issued) || !TryMoment(token, "exp", out var expires) || expires - issued > options.Value.TokenLifetimeMax)
            return false;
        var roles = token.FindAll(options.Value.RoleClaim).Select(claim => RoleOf(claim.Value)).OfType<PersonRole>().Distinct().ToList();
        if (roles.Count != 1)
            throw ExchangeError.Of(roles.Count == 0 ? ErrorReasons.RoleMissing : ErrorReasons.RoleConflict).ToRpcException();
        var departments = token.FindAll(options.Value.DepartmentClaim).Select(claim => claim.Value).ToList();
        DepartmentId department = default;
        if (departments.Count > 1 || (departments is [var stated] && !DepartmentId.TryParse(stated, out department)))
            return false;
        person = new Person($"{options.Value.Issuer} {subject}", roles[0], departments.Count == 0 ? null : department, issued, expires);
        return true;
    }

    private static PersonRole? RoleOf(string value) => value switch
    {
        "manage" => PersonRole.Manage,
        "operate" => PersonRole.Operate,
        "audit" => PersonRole.Audit,
        _ => null,
    };

    private static bool TryMoment(ClaimsPrincipal token, string claim, out DateTimeOffset moment)
    {
        var there = long.TryParse(token.FindFirstValue(claim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        moment = there ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
        return there;
    }
}
