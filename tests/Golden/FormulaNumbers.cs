namespace EDA.Tests.Golden;

/// <summary>
/// The numbers that generate.py makes its weights and inputs from: an integer hash, so that both languages get the
/// same bits without storing them.
/// </summary>
public static class FormulaNumbers
{
    /// <summary>32 well mixed bits.</summary>
    public static uint Bits(int stream, int index)
    {
        uint x = ((uint)index * 0x9E3779B1u) + ((uint)stream * 0x85EBCA77u);
        x ^= x >> 16;
        x *= 0x7FEB352Du;
        x ^= x >> 15;
        x *= 0x846CA68Bu;
        return x ^ (x >> 16);
    }

    /// <summary>A multiple of 2⁻²³ in [−1, 1).</summary>
    public static double Uniform(int stream, int index) => ((Bits(stream, index) >> 8) / 8388608.0) - 1.0;

    /// <summary>The sum of three such numbers: mean 0, variance 1.</summary>
    public static double Spread(int stream, int index) =>
        Uniform(stream, 3 * index) + Uniform(stream, (3 * index) + 1) + Uniform(stream, (3 * index) + 2);

    /// <summary>An array of numbers rounded to float32.</summary>
    public static float[] Fill(int count, Func<int, double> value)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)value(i);
        return values;
    }
}
