using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The arguments of <see cref="IActionSampler.Sample"/>; streams are counted as in <see cref="SampleCall"/>.</summary>
public readonly record struct ActionDraws
{
    /// <summary>s [n×S]; longer arrays are used from the front.</summary>
    public required DeviceArray<float> States { get; init; }

    /// <summary>n.</summary>
    public required int StateCount { get; init; }

    /// <summary>K.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>The random stream; of the state numbered r, candidate k, variable i is element (r·<see cref="Stride"/> + k)·A + i.</summary>
    public required RandomDraw Draw { get; init; }

    /// <summary>How many candidates of a state the stream counts, at least K.</summary>
    public required int Stride { get; init; }

    /// <summary>The states' numbers in the stream [n]; null for 0 … n − 1.</summary>
    public DeviceArray<int>? Numbers { get; init; }

    /// <summary>The actions [n×K×A], overwritten.</summary>
    public required DeviceArray<float> Actions { get; init; }
}

/// <summary>What draws actions for states: a diffusion model by its solver, or a policy of another kind.</summary>
public interface IActionSampler
{
    /// <summary>Where it computes.</summary>
    IDevice Device { get; }

    /// <summary>S.</summary>
    int StateSize { get; }

    /// <summary>A.</summary>
    int ActionSize { get; }

    /// <summary>A short name for all that the actions depend on beside states and stream.</summary>
    string Fingerprint { get; }

    /// <summary>Draws K actions for each state.</summary>
    /// <param name="draws">The arguments.</param>
    void Sample(in ActionDraws draws);
}

/// <summary>A diffusion model and its solver.</summary>
/// <param name="model">The model.</param>
/// <param name="solver">The solver's coefficients.</param>
public sealed class DiffusionSampler(BottleneckDiffusionModel model, SolverTable solver) : IActionSampler
{
    /// <inheritdoc/>
    public IDevice Device => model.Device;

    /// <inheritdoc/>
    public int StateSize => model.Shape.StateSize;

    /// <inheritdoc/>
    public int ActionSize => model.Shape.ActionSize;

    /// <inheritdoc/>
    public string Fingerprint => Checkpoints.Fingerprint.Of(model.CloneParameters());

    /// <inheritdoc/>
    public void Sample(in ActionDraws draws) => model.Operations.Sample(new()
    {
        Parameters = model.Parameters,
        States = draws.States,
        StateCount = draws.StateCount,
        CandidateCount = draws.CandidateCount,
        Table = solver,
        Draw = draws.Draw,
        Stride = draws.Stride,
        Numbers = draws.Numbers,
        Actions = draws.Actions,
    });
}
