using CsCheck;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Broker.Governance;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>
/// Persons do whatever they like to one proposal, in any order and at any time; a model that keeps the whole history beside the rules says of
/// each approval whether it counts. Rules and model have to agree each time, so that neither more nor less takes effect.
/// </summary>
[TestFixture]
public sealed class FourEyesTests
{
    private const int Runs = 100_000;

    /// <summary>The third and the fourth are one subject of two issuers, and so two persons; the fifth is of a department.</summary>
    private static readonly string[] Ids = ["https://a ann", "https://a bob", "https://a cleo", "https://b cleo", "https://a dan"];

    private static readonly DateTimeOffset Epoch = new(2026, 2, 2, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<Step> AnyStep = Gen.Select(Gen.Int[0, 15], Gen.Int[0, Ids.Length - 1], Gen.Int[0, 100], (act, who, much) => new Step(act, who, much));

    [Test]
    public void Approval_WhateverHappensBefore_CountsExactlyWhenTheHistorySaysSo()
    {
        var (counted, refused) = (0, new Dictionary<string, int>());

        AnyStep.Array[6, 24].Sample(
            steps =>
            {
                var world = new World();
                foreach (var step in steps)
                    world.Take(step);
                lock (refused)
                {
                    counted += world.Applied ? 1 : 0;
                    foreach (var reason in world.Reasons)
                        refused[reason] = refused.GetValueOrDefault(reason) + 1;
                }
            },
            iter: Runs);

        Assert.That(counted, Is.GreaterThan(Runs / 50), "approvals have to count in many runs");
        Assert.That(
            refused.Where(reason => reason.Value > 100).Select(reason => reason.Key),
            Is.SupersetOf(new[] { "SAME_PERSON", "PROPOSAL_CHANGED", "PROPOSAL_CLOSED", "ROLE_MISSING", "ROLE_CONFLICT", "TOKEN_REFUSED" }), "every refusal has to be met");
    }

    [Test]
    public void Approval_OfACutOff_TakesASecondPersonOfEitherRoleAndNoDeadline()
    {
        var cutOff = World.Proposal("https://a ann", PersonRole.Operate, Epoch) with { State = ProposalState.Unconfirmed };
        var late = Epoch.AddDays(30);

        Assert.Multiple(() =>
        {
            Assert.That(RefusalOf(cutOff, "https://a ann", PersonRole.Operate, late), Is.EqualTo(ErrorReasons.SamePerson));
            Assert.That(RefusalOf(cutOff, "https://a bob", PersonRole.Operate, late), Is.Null);
            Assert.That(RefusalOf(cutOff, "https://a bob", PersonRole.Manage, late), Is.Null);
            Assert.That(RefusalOf(cutOff, "https://a bob", PersonRole.Audit, late), Is.EqualTo(ErrorReasons.RoleMissing));
            Assert.That(RefusalOf(cutOff with { State = ProposalState.Open }, "https://a bob", PersonRole.Operate, Epoch), Is.EqualTo(ErrorReasons.RoleMissing));
        });
    }

    private static ErrorReason? RefusalOf(ProposalRow proposal, string by, PersonRole role, DateTimeOffset now) =>
        FourEyes.RefusalOfApproval(proposal, new Person(by, role, null, now, now.AddHours(1)), proposal.ContentHash, null, now);

    private readonly record struct Step(int Act, int Who, int Much);

    private sealed record Token(PersonRole Role, DepartmentId? Department, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

    private sealed class World
    {
        // What the exchange has.
        private readonly Dictionary<string, PersonRow> _persons = [];
        private ProposalRow? _proposal;

        // What truly happened: the model's own record.
        private readonly Dictionary<string, Token> _wallet = [];
        private readonly Dictionary<string, List<Token>> _shown = Ids.ToDictionary(id => id, _ => new List<Token>());
        private readonly Dictionary<string, DateTimeOffset> _withdrawn = [];
        private readonly Dictionary<string, string> _read = [];
        private DateTimeOffset _now = Epoch;
        private string _text = "";
        private DateTimeOffset _textSince;
        private string _author = "";
        private bool _closed;
        private bool _tampered;
        private int _texts;

        public List<string> Reasons { get; } = [];

        public bool Applied { get; private set; }

        public static ProposalRow Proposal(string by, PersonRole role, DateTimeOffset now, int text = 0)
        {
            var content = $"content {text}";
            return new ProposalRow("p-1", content, CatalogueJson.HashOf(content), null, 1, by, role, null, now, now.AddHours(24), ProposalState.Open);
        }

        public void Take(Step step)
        {
            var id = Ids[step.Who];
            switch (step.Act)
            {
                case 0 or 1: Propose(id); break;
                case 2: Amend(id); break;
                case 3 or 4 or 5: _read[id] = _proposal?.Content ?? ""; break;
                case 6 or 7 or 8 or 9: Approve(id); break;
                case 10: Withdraw(id); break;
                case 11: WithdrawRole(id); break;
                case 12: _now += TimeSpan.FromMinutes(step.Much * 20); break;
                case 13: _now += TimeSpan.FromSeconds(1); break;
                case 14: SignIn(id, (PersonRole)(step.Much % 3)); break;
                default: Tamper(step.Much); break;
            }
        }

        private Person SignIn(string id, PersonRole? role = null)
        {
            if (role is not null || !_wallet.TryGetValue(id, out var token) || token.ExpiresAt <= _now)
            {
                DepartmentId? department = id.EndsWith("dan", StringComparison.Ordinal) ? DepartmentId.Parse("housing") : null;
                _wallet[id] = token = new Token(role ?? PersonRole.Manage, department, _now, _now.AddHours(1));
            }

            return new Person(id, token.Role, token.Department, token.IssuedAt, token.ExpiresAt);
        }

        /// <summary>As each act begins. Both have to agree on whether the token counts.</summary>
        private bool IsAdmitted(Person person)
        {
            var token = _wallet[person.Id];
            var shown = _shown[person.Id];
            var withdrawn = _withdrawn.TryGetValue(person.Id, out var at) ? at : (DateTimeOffset?)null;
            var others = shown.Where(other => other.Role != token.Role).ToList();
            var truly = !(token.IssuedAt <= withdrawn)
                && !others.Any(other => other.ExpiresAt > _now && !(other.IssuedAt <= withdrawn))
                && !others.Any(other => other.IssuedAt > token.IssuedAt);

            var refusal = person.Admit(_persons.GetValueOrDefault(person.Id), _now, out var admitted);

            Assert.That(refusal is null, Is.EqualTo(truly), $"admission of {person}");
            if (refusal is not null)
            {
                Reasons.Add(refusal.Name);
                return false;
            }

            _persons[person.Id] = admitted;
            shown.Add(token);
            return true;
        }

        private void Propose(string id)
        {
            var person = SignIn(id);
            if (_proposal is not null || !person.IsOfExchange || !IsAdmitted(person) || person.Role != PersonRole.Manage)
                return;
            (_author, _textSince, _text) = (id, _now, $"content {++_texts}");
            _proposal = Proposal(id, person.Role, _now, _texts);
        }

        private void Amend(string id)
        {
            var person = SignIn(id);
            if (_proposal is null || !IsAdmitted(person))
                return;
            var allowed = id == _author && person.Role == PersonRole.Manage && !_closed && _now < _textSince.AddHours(24);
            Assert.That(FourEyes.RefusalOfChange(_proposal, person, _now) is null, Is.EqualTo(allowed), "amend");
            if (!allowed)
                return;
            (_textSince, _text, _tampered) = (_now, $"content {++_texts}", false);
            _proposal = Proposal(id, person.Role, _now, _texts);
        }

        private void Withdraw(string id)
        {
            var person = SignIn(id);
            if (_proposal is null || !IsAdmitted(person) || FourEyes.RefusalOfChange(_proposal, person, _now) is not null)
                return;
            _closed = true;
            _proposal = _proposal with { State = ProposalState.Withdrawn };
        }

        private void Approve(string id)
        {
            var person = SignIn(id);
            if (_proposal is null || !IsAdmitted(person))
                return;
            var read = _read.GetValueOrDefault(id, "");
            var counts = !_closed
                && id != _author
                && read == _text && !_tampered
                && _now < _textSince.AddHours(24)
                && person is { Role: PersonRole.Manage, IsOfExchange: true }
                && _shown[_author][^1].Role == PersonRole.Manage
                && !(_withdrawn.TryGetValue(_author, out var withdrawn) && withdrawn >= _textSince);

            var refusal = FourEyes.RefusalOfApproval(_proposal, person, CatalogueJson.HashOf(read), _persons.GetValueOrDefault(_proposal.ProposedBy), _now);

            Assert.That(refusal is null, Is.EqualTo(counts), $"approval by {person}, {refusal}");
            if (refusal is not null)
            {
                Reasons.Add(refusal.Name);
                return;
            }

            (Applied, _closed) = (true, true);
            _proposal = _proposal with { State = ProposalState.Applied };
        }

        private void WithdrawRole(string id)
        {
            if (!_persons.TryGetValue(id, out var known))
                return;
            _persons[id] = known with { WithdrawnAt = _now };
            _withdrawn[id] = _now;
        }

        /// <summary>The text is edited in the database, with its hash or without.</summary>
        private void Tamper(int how)
        {
            if (_proposal is null || how > 10)
                return;
            _tampered = true;
            _proposal = _proposal with { Content = "forged" };
        }
    }
}
