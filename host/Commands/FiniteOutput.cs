using EDA.Engine;

namespace EDA.Host.Commands;

/// <summary>Numbers that a network gave, before they are written: finite weights may still be too large for float32.</summary>
internal static class FiniteOutput
{
    /// <summary>Refuses weights that give what is no finite number.</summary>
    /// <param name="weights">The file of the network.</param>
    /// <param name="values">What it gave [rows×width].</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="row">What a row is, a word.</param>
    /// <exception cref="InvalidFileException">There is one; the message names its row.</exception>
    public static void Require(string weights, float[] values, int width, string row)
    {
        int place = Array.FindIndex(values, value => !float.IsFinite(value));
        if (place >= 0)
            throw new InvalidFileException(weights, FormattableString.Invariant($"gives {values[place]:R} for {row} {place / width}; weights or inputs are too large for float32"));
    }
}
