using CsCheck;
using DataExchange.AdapterHost.Memory;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Memory;

internal sealed class RowStateTests
{
    private static readonly Gen<RowState> State = Gen.Select(
        Gen.Long[0, 5].Array[0, 6],
        Gen.Select(Gen.Char['a', 'c'], Gen.String[Gen.Char[' ', 'é'], 0, 20]).Array[0, 4],
        (prints, links) => RowState.Of(prints, [.. links.Select(link => new Identifier($"{link.Item1}", link.Item2)).Distinct()]));

    [Test]
    public void Bytes_OfAnyState_GiveItBack() =>
        Gen.Select(State, State, Gen.Bool).Sample((a, b, either) =>
        {
            var state = either ? RowState.Either(a, b) : a;
            var back = RowState.From(state.ToBytes());
            return back.ToBytes().AsSpan().SequenceEqual(state.ToBytes()) && back.Links.SequenceEqual(state.Links) && Enumerable.Range(0, 8).All(i => back[i] == state[i]);
        });

    [Test]
    public void Either_OfTwoStates_AgreesOnlyWhereBothDo() =>
        Gen.Select(State, State).Sample((a, b) =>
        {
            var either = RowState.Either(a, b);
            return Enumerable.Range(0, 8).All(i => either[i] == (a[i] == b[i] ? a[i] : RowState.Unknown)) && a.Links.Concat(b.Links).All(either.Links.Contains);
        });
}
