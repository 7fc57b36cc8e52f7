using MathNet.Numerics.Statistics;

namespace EDA.Bench.Timing;

/// <summary>One side of a measurement.</summary>
/// <param name="take">Takes one turn and gives its seconds.</param>
internal sealed class Turn(Func<double> take)
{
    private readonly List<double> _seconds = [];

    /// <summary>A side that keeps its own figures.</summary>
    /// <param name="measure">Takes its turn.</param>
    public static Turn Of(Action measure) => new(() =>
    {
        measure();
        return 0;
    });

    /// <summary>How many turns it takes at most.</summary>
    public int Most { get; set; } = int.MaxValue;

    /// <summary>How many it has taken.</summary>
    public int Count => _seconds.Count;

    /// <summary>The median of its turns.</summary>
    public double Median => _seconds.Median();

    /// <summary>Takes one.</summary>
    public void Take() => _seconds.Add(take());

    /// <summary>Counts a turn that was taken elsewhere.</summary>
    public void Add(double seconds) => _seconds.Add(seconds);
}

/// <summary>The loop that all times come from: sides take turns, so that whatever else the machine does slows all of them alike.</summary>
internal static class Turns
{
    /// <summary>Takes turns, round after round.</summary>
    /// <param name="sides">The sides.</param>
    /// <param name="rounds">The rounds.</param>
    /// <param name="goesOn">Asked before every round but the first whether there is to be another; null for always.</param>
    public static void Take(IReadOnlyList<Turn> sides, int rounds, Func<int, bool>? goesOn = null)
    {
        for (int round = 0; round < rounds && (round == 0 || goesOn is null || goesOn(round)); round++)
        {
            foreach (var side in sides.Where(side => side.Count < side.Most))
                side.Take();
        }
    }
}
