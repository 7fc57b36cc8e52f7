using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>DPM-Solver++ in data prediction (method: section 6) as tables of coefficients for a device to run.</summary>
public static class DpmSolver
{
    /// <summary>What the paper samples with: singlestep, order 2, 15 evaluations on the published schedule.</summary>
    public static SolverTable Published { get; } = Singlestep(NoiseSchedule.Published, 15, 2);

    /// <summary>DPM-Solver++(1, 2S, 3S).</summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="evaluations">The number of evaluations of the network, at least 1.</param>
    /// <param name="order">The highest order of a step, 1 to 3.</param>
    /// <returns>The coefficients.</returns>
    /// <exception cref="InvalidSettingException">The number or the order is not allowed.</exception>
    public static SolverTable Singlestep(NoiseSchedule schedule, int evaluations, int order) => throw new NotImplementedException();

    /// <summary>DPM-Solver++(2M).</summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="evaluations">The number of evaluations of the network, at least 1.</param>
    /// <returns>The coefficients.</returns>
    /// <exception cref="InvalidSettingException">The number is not allowed.</exception>
    public static SolverTable Multistep(NoiseSchedule schedule, int evaluations) => throw new NotImplementedException();
}
