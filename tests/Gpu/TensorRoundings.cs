namespace EDA.Tests.Gpu;

/// <summary>What the tensor cores' two kinds of numbers are, written from their definition.</summary>
internal static class TensorRoundings
{
    /// <summary>To 10 bits behind the point, halves away from zero.</summary>
    public static double Tf32(float x) => Round(x, 10, MidpointRounding.AwayFromZero);

    /// <summary>To 7 bits behind the point, halves to even.</summary>
    public static double Bf16(float x) => Round(x, 7, MidpointRounding.ToEven);

    private static double Round(float x, int bits, MidpointRounding halves)
    {
        if (x == 0)
            return 0;
        double unit = Math.ScaleB(1, Math.ILogB(x) - bits);
        return Math.Round(x / unit, halves) * unit;
    }
}
