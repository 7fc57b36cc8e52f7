using System.Text;
using EDA.Engine.Data;
using FsCheck;
using FsCheck.Fluent;

namespace EDA.Tests.Mutation;

/// <summary>A text that a file may hold: any characters, none of half a pair.</summary>
/// <param name="Value">The text.</param>
public sealed record AnyText(string Value);

/// <summary>A finite float32, the odd ones often.</summary>
/// <param name="Value">The number.</param>
public sealed record AnyFloat(float Value);

/// <summary>A finite float64, the odd ones often.</summary>
/// <param name="Value">The number.</param>
public sealed record AnyDouble(double Value);

/// <summary>A small dataset of any numbers that one may hold.</summary>
/// <param name="Dataset">The dataset.</param>
public sealed record AnyDataset(OfflineDataset Dataset);

/// <summary>What properties are tried on.</summary>
public static class Generators
{
    private static readonly float[] _oddFloats = [0, -0f, 1, -1, float.Epsilon, -float.Epsilon, 1.17549435e-38f, float.MaxValue, float.MinValue, 0.1f, 16777217, 1e-7f];

    /// <summary>Texts.</summary>
    public static Arbitrary<AnyText> Text() => Arb.From(Gen.Choose(0, 30).SelectMany(length => Character().ArrayOf(length)).Select(letters => new AnyText(string.Concat(letters))));

    /// <summary>Numbers of 32 bits.</summary>
    public static Arbitrary<AnyFloat> Float() => Arb.From(AnyOf(_oddFloats).Select(value => new AnyFloat(value)));

    /// <summary>Numbers of 64 bits.</summary>
    public static Arbitrary<AnyDouble> Double() => Arb.From(Gen.OneOf(
        AnyOf(_oddFloats).Select(value => (double)value),
        Bits().Two().Select(halves => BitConverter.Int64BitsToDouble(((long)halves.Item1 << 32) | (uint)halves.Item2)).Where(double.IsFinite)).Select(value => new AnyDouble(value)));

    /// <summary>Datasets.</summary>
    public static Arbitrary<AnyDataset> Dataset() => Arb.From(
        from rows in Gen.Choose(2, 9)
        from stateSize in Gen.Choose(1, 4)
        from actionSize in Gen.Choose(1, 3)
        from states in AnyOf(_oddFloats).ArrayOf(rows * stateSize)
        from actions in AnyOf(_oddFloats).Select(value => Math.Abs(value) <= 1 ? value : 1 / value).ArrayOf(rows * actionSize)
        from rewards in AnyOf(_oddFloats).ArrayOf(rows)
        from terminals in Flag().ArrayOf(rows)
        from timeouts in Flag().ArrayOf(rows)
        from hasTimeouts in Flag()
        select new AnyDataset(OfflineDataset.Create(states, stateSize, actions, actionSize, rewards, terminals, hasTimeouts ? timeouts : null, DatasetProvenance.Generated("any"))));

    private static Gen<bool> Flag() => Gen.Elements(true, false);

    private static Gen<int> Bits() => Gen.Choose(int.MinValue, int.MaxValue);

    private static Gen<float> AnyOf(float[] odd) =>
        Gen.OneOf(Gen.Elements(odd), Bits().Select(BitConverter.Int32BitsToSingle).Where(float.IsFinite), Gen.Choose(-1000, 1000).Select(value => value / 1000f));

    private static Gen<string> Character() => Gen.OneOf(
        Gen.Choose(32, 126), Gen.Choose(0, 31), Gen.Elements('\'', '"', '\\', ' ', ',', '=', '$', '`', '/', '\n', '\r', '\0').Select(letter => (int)letter), Gen.Choose(0xA0, 0x10FFFF))
        .Select(code => Rune.IsValid(code) ? new Rune(code).ToString() : "?");
}
