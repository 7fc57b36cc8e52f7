using EDA.Kernels;

namespace EDA.Engine.Optimizers;

/// <summary>
/// Moves one flat parameter array along gradients. The optimizer is made over the array and keeps it; whoever trains
/// only hands it gradients, so that an optimizer of another library can stand here too. Where several models' parameters
/// stand in the array one after the other, it must look at each parameter by itself, and keep an element for each.
/// </summary>
public interface IOptimizer : IDisposable
{
    /// <summary>A short name for reports, for instance <c>adam</c>.</summary>
    string Name { get; }

    /// <summary>The learning rate of the next step. An optimizer with a scheduler of its own reads back what that makes of it.</summary>
    double LearningRate { get; set; }

    /// <summary>How many steps have been taken.</summary>
    long StepCount { get; }

    /// <summary>Takes one step.</summary>
    /// <param name="gradient">∂L/∂θ [P].</param>
    void Step(DeviceArray<float> gradient);

    /// <summary>Copies everything but the parameters that the next step depends on.</summary>
    /// <returns>Arrays by name.</returns>
    IReadOnlyDictionary<string, float[]> ExportState();

    /// <summary>Goes on from a state that <see cref="ExportState"/> gave.</summary>
    /// <param name="state">Arrays by name.</param>
    /// <param name="stepCount">How many steps had been taken.</param>
    /// <exception cref="ArgumentException">The state is not one of this optimizer over this many parameters.</exception>
    void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount);
}

/// <summary>Makes an optimizer over a parameter array.</summary>
/// <param name="device">The device that holds the array.</param>
/// <param name="parameters">θ [P], kept by the optimizer and not disposed by it.</param>
/// <param name="layout">Where the tensors stand in it.</param>
/// <returns>The optimizer, owned by the caller.</returns>
public delegate IOptimizer OptimizerFactory(IDevice device, DeviceArray<float> parameters, ParameterLayout layout);
