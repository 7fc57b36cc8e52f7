using EDA.Kernels;

namespace EDA.Host.Tables;

/// <summary>The names of CSV columns: an interface to other programs (docs/csv.md).</summary>
public static class ColumnNames
{
    /// <summary>The diffusion time.</summary>
    public const string Time = "t";

    /// <summary>The log-density.</summary>
    public const string Density = "f";

    /// <summary>The row of the states file that a sample belongs to, from 0.</summary>
    public const string State = "state";

    /// <summary>The number of a sample among those of its state, from 0.</summary>
    public const string Candidate = "k";

    /// <summary>a0, a1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>A names.</returns>
    public static IReadOnlyList<string> Actions(BdmShape shape) => Numbered("a", shape.ActionSize);

    /// <summary>s0, s1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>S names.</returns>
    public static IReadOnlyList<string> States(BdmShape shape) => Numbered("s", shape.StateSize);

    /// <summary>eps0, eps1 and so on.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>A names.</returns>
    public static IReadOnlyList<string> Noise(BdmShape shape) => Numbered("eps", shape.ActionSize);

    private static string[] Numbered(string prefix, int count) =>
        [.. Enumerable.Range(0, count).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture))];
}
