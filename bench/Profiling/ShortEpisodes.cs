using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>An environment whose episodes are cut early, so that a profile has rollouts and ends.</summary>
/// <param name="whole">The environment.</param>
/// <param name="steps">The steps after which an episode is cut.</param>
internal sealed class ShortEpisodes(EnvironmentKind whole, int steps) : EnvironmentKind
{
    /// <inheritdoc/>
    public override EnvironmentDescription Description { get; } = whole.Description with { StepLimit = Math.Min(steps, whole.Description.StepLimit) };

    /// <inheritdoc/>
    public override bool NeedsMujoco => whole.NeedsMujoco;

    /// <inheritdoc/>
    public override IEnvironment Create() => new Short(whole.Create(), Description);

    private sealed class Short(IEnvironment environment, EnvironmentDescription description) : IEnvironment
    {
        private int _steps;

        public EnvironmentDescription Description => description;

        public void Reset(in RandomDraw draw, Span<double> observation)
        {
            _steps = 0;
            environment.Reset(draw, observation);
        }

        public void Restore(in RandomDraw draw, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
        {
            _steps = 0;
            environment.Restore(draw, positions, velocities, observation);
        }

        public void ReadState(Span<double> positions, Span<double> velocities) => environment.ReadState(positions, velocities);

        public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
        {
            var outcome = environment.Step(action, observation);
            return ++_steps < description.StepLimit ? outcome : outcome with { Truncated = !outcome.Terminated };
        }

        public void Dispose() => environment.Dispose();
    }
}
