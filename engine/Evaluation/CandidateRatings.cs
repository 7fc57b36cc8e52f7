using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>Rates candidate actions, all arrays on the model's device; the highest of a state is played.</summary>
/// <param name="states">s [n×S]; longer arrays are used from the front.</param>
/// <param name="actions">Candidates [n×K×A].</param>
/// <param name="stateCount">n.</param>
/// <param name="candidateCount">K.</param>
/// <param name="values">Filled [n×K].</param>
public delegate void CandidateRating(DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidateCount, DeviceArray<float> values);

/// <summary>What several samples of a policy can be rated by.</summary>
public static class CandidateRatings
{
    /// <summary>By a critic's min-of-twins Q: rejection sampling.</summary>
    /// <param name="critic">The critic.</param>
    /// <returns>The rating.</returns>
    public static CandidateRating ByQ(Critic critic) => critic.Label;

    /// <summary>By the policy's own density, f(a|s, t) at <see cref="ActingSettings.DensityTime"/>.</summary>
    /// <param name="model">f.</param>
    /// <returns>The rating, in nats up to a constant of the state.</returns>
    public static CandidateRating ByDensity(BottleneckDiffusionModel model) => (states, actions, stateCount, candidateCount, values) =>
    {
        // Each candidate with its state beside it.
        (int stateSize, int rows) = (model.Shape.StateSize, stateCount * candidateCount);
        var once = new float[stateCount * stateSize];
        states.CopyTo(once);
        var each = new float[rows * stateSize];
        for (int row = 0; row < rows; row++)
            once.AsSpan(row / candidateCount * stateSize, stateSize).CopyTo(each.AsSpan(row * stateSize));
        using var eachState = model.Device.Upload<float>(each);
        using var times = Times(model.Device, rows);
        model.Operations.Density(new() { Parameters = model.Parameters, Actions = actions, Times = times, States = eachState, Rows = rows, Output = values });
    };

    /// <summary>By the gap of policy and behavior, Δ = f_θ − f_φ at the same t, without noise: Q_θ over β.</summary>
    /// <param name="policy">f_θ.</param>
    /// <param name="behavior">f_φ, on the same device and of the same sizes.</param>
    /// <returns>The rating.</returns>
    public static CandidateRating ByGap(BottleneckDiffusionModel policy, BottleneckDiffusionModel behavior) => (states, actions, stateCount, candidateCount, values) =>
    {
        using var times = Times(policy.Device, stateCount);
        using var noise = policy.Device.Upload<float>(new float[(long)stateCount * candidateCount * policy.Shape.ActionSize]);
        policy.Operations.Gaps(new()
        {
            Policy = policy.Parameters,
            Behavior = behavior.Parameters,
            Batch = new()
            {
                Candidates = actions,
                States = states,
                StateCount = stateCount,
                CandidateCount = candidateCount,
                Draws = new(default, times, noise),
            },
            Gaps = values,
        });
    };

    private static DeviceArray<float> Times(IDevice device, int count)
    {
        var times = new float[count];
        times.AsSpan().Fill(ActingSettings.DensityTime);
        return device.Upload<float>(times);
    }
}
