using EDA.Engine.Training;

namespace EDA.Host.Progress;

/// <summary>Shows on the console how a run goes.</summary>
public interface IProgressDisplay
{
    /// <summary>Shows progress while something runs.</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="work">What runs; it is given the observer that feeds the display.</param>
    /// <returns>What the work returned.</returns>
    T Show<T>(Func<ITrainingObserver, T> work);
}

/// <summary>Chooses a display.</summary>
public static class ProgressDisplay
{
    /// <summary>A bar on a terminal, plain lines elsewhere.</summary>
    /// <returns>The display.</returns>
    public static IProgressDisplay ForConsole() =>
        Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb" ? new LineDisplay(Console.Out) : new BarDisplay();
}
