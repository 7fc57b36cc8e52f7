namespace EDA.Kernels;

/// <summary>A dataset of transitions, resident on a device; rewards as the critic is to see them.</summary>
/// <param name="States">s [N×S].</param>
/// <param name="Actions">a [N×A].</param>
/// <param name="Rewards">r [N].</param>
/// <param name="Terminals">d [N], 1 where s' ends the episode for good and 0 elsewhere.</param>
/// <param name="NextStates">s' [N×S].</param>
/// <param name="Count">N, at least 1.</param>
public readonly record struct Transitions(
    DeviceArray<float> States,
    DeviceArray<float> Actions,
    DeviceArray<float> Rewards,
    DeviceArray<float> Terminals,
    DeviceArray<float> NextStates,
    int Count);

/// <summary>The rows of a dataset that make a batch: drawn uniformly with replacement, or given.</summary>
/// <param name="Data">The dataset.</param>
/// <param name="Rows">n, at least 1.</param>
/// <param name="Draw">The stream that row i's index is drawn from, element i of <see cref="RandomPurpose.BatchIndex"/>.</param>
/// <param name="Indices">The rows of the dataset [n], each in [0, N), or null to draw them.</param>
public readonly record struct TransitionBatch(
    Transitions Data,
    int Rows,
    RandomDraw Draw,
    DeviceArray<int>? Indices = null);
