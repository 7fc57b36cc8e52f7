using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Tests.Data;

namespace EDA.Tests.Environments;

/// <summary>Transitions that were recorded elsewhere with Gymnasium's environments, taken again by ours.</summary>
public class RecordedTransitionTests
{
    private const int Rows = 4000;

    [OptionalTheory(OptionalNeeds.RecordedPhysics)]
    [InlineData("hopper")]
    [InlineData("halfcheetah")]
    [InlineData("walker2d")]
    public void Steps_lead_where_they_led(string name)
    {
        var data = OfflineDataset.Load(Path.Combine(RecordedData.Folder!, $"{name}-medium-replay-like.hdf5"));
        using var environment = EnvironmentCatalogue.Find(name).Create();
        var about = environment.Description;
        var (positions, velocities) = (new double[about.Positions], new double[about.Velocities]);
        var (action, observation) = (new double[about.ActionSize], new double[about.ObservationSize]);
        var errors = new List<double>();
        for (int row = 0; row < Rows; row++)
        {
            // The state is the observation and an x that nothing depends on, unless a velocity was clipped.
            var state = data.States.Slice(row * about.ObservationSize, about.ObservationSize);
            if (data.Timeouts.Span[row] || (name != "halfcheetah" && state[(about.Positions - 1)..].ContainsAnyExceptInRange(-9.99f, 9.99f)))
                continue;
            for (int i = 1; i < positions.Length; i++)
                positions[i] = state[i - 1];
            for (int i = 0; i < velocities.Length; i++)
                velocities[i] = state[positions.Length - 1 + i];
            for (int i = 0; i < action.Length; i++)
                action[i] = data.Actions[(row * action.Length) + i];
            environment.Restore(default, positions, velocities, observation);
            var outcome = environment.Step(action, observation);
            Assert.Equal(data.Terminals[row], outcome.Terminated);
            Assert.Equal(data.Rewards[row], outcome.Reward, 1e-3);
            if (data.Terminals[row])
                continue;
            double worst = 0;
            for (int i = 0; i < observation.Length; i++)
                worst = Math.Max(worst, Math.Abs(observation[i] - data.States[((row + 1) * observation.Length) + i]));
            errors.Add(worst);
        }

        // Recorded states are float32; a contact that is only just made or missed multiplies that rounding.
        errors.Sort();
        Assert.True(errors.Count > Rows / 10);
        Assert.InRange(errors[errors.Count / 2], 0, 1e-6);
        Assert.InRange(errors[errors.Count * 99 / 100], 0, 1e-4);
    }
}
