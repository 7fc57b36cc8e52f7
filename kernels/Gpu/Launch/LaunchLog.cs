using System.Reflection;

namespace EDA.Kernels.Gpu;

/// <summary>Launches written down with their arguments, to be compared with later ones.</summary>
internal sealed class LaunchLog
{
    private readonly List<Launch> _launches = [];

    private sealed record Launch(string Kernel, GridSize Grid, object Arguments);

    /// <summary>Writes a launch down.</summary>
    /// <param name="kernel">The kernel's name.</param>
    /// <param name="grid">Its groups.</param>
    /// <param name="arguments">Its arguments.</param>
    public void Add(string kernel, GridSize grid, object arguments) => _launches.Add(new Launch(kernel, grid, arguments));

    /// <summary>What differs in another log, in words; null where nothing does.</summary>
    /// <param name="other">The other.</param>
    public string? Difference(LaunchLog other)
    {
        for (int i = 0; i < Math.Min(_launches.Count, other._launches.Count); i++)
        {
            Launch launch = _launches[i], again = other._launches[i];
            if (launch.Kernel != again.Kernel)
                return $"launch {i} is {launch.Kernel}, and would now be {again.Kernel}";
            if (launch.Grid != again.Grid)
                return $"launch {i}, {launch.Kernel}, has {launch.Grid}, and would now have {again.Grid}";
            if (Field(launch.Arguments, again.Arguments) is { } field)
                return $"launch {i}, {launch.Kernel}, would now be given another {field}";
        }

        return _launches.Count == other._launches.Count ? null : $"there are {_launches.Count} launches, and would now be {other._launches.Count}";
    }

    // The first field that is not the same.
    private static string? Field(object one, object other)
    {
        if (one.Equals(other))
            return null;
        const BindingFlags fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        return one.GetType().GetFields(fields).FirstOrDefault(field => !Equals(field.GetValue(one), field.GetValue(other)))?.Name;
    }
}
