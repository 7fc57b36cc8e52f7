using System.Text.Json.Serialization;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Critics;

/// <summary>What a critic is trained with, opened.</summary>
/// <param name="Settings">How.</param>
/// <param name="Critic">Trained in place.</param>
/// <param name="Data">The transitions, on the critic's device.</param>
/// <param name="NextActions">The behavior's actions for next states; null unless the method <see cref="CriticMethod.SamplesNextActions"/>.</param>
/// <param name="Online">The policy under training; null unless the method <see cref="CriticMethod.AlternatesWithAlignment"/>.</param>
/// <param name="Policy">The critic's own policy; null where none is trained.</param>
/// <param name="Optimizer">What moves the networks; null for Adam fused with the steps.</param>
/// <param name="Memory">How much of the device's memory the next actions may take; null for the default.</param>
public sealed record CriticParts(
    CriticSettings Settings,
    Critic Critic,
    TransitionDataset Data,
    RowStore? NextActions,
    BottleneckDiffusionModel? Online,
    DeterministicPolicy? Policy,
    OptimizerFactory? Optimizer = null,
    RowMemory? Memory = null);

/// <summary>Where a critic's backup takes V(s') from (method: section 4): a row of a table that says everything about it.</summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Learn">Prepares its training.</param>
[JsonConverter(typeof(NamedConverter<CriticMethod>))]
public sealed record CriticMethod(string Name, Func<CriticParts, CriticLearning> Learn) : INamed<CriticMethod>
{
    /// <summary><see cref="ImplicitQLearning"/>: a network V, by expectile regression.</summary>
    public static CriticMethod Implicit { get; } = new("implicit", parts => new ImplicitQLearning(parts.Settings, parts.Critic, parts.Data, parts.Policy, parts.Optimizer))
    {
        HasValue = true,
        TrainsPolicy = settings => settings.Implicit.Policy != PolicyExtraction.None,
        RateDependsOnSteps = settings => settings.Implicit.Policy != PolicyExtraction.None,
        Relevant = settings => settings with { ClipsActions = false, Softmax = new() },
    };

    /// <summary><see cref="SoftmaxQLearning"/>: a softmax over behavior samples of s'.</summary>
    public static CriticMethod Softmax { get; } = new("softmax", parts => new SoftmaxQLearning(parts.Settings, parts.Critic, parts.Data, parts.NextActions!, parts.Optimizer, parts.Memory))
    {
        SamplesNextActions = true,
        Relevant = settings => settings with { Implicit = new() },
    };

    /// <summary><see cref="OnlineQLearning"/>: one sample of the policy under training.</summary>
    public static CriticMethod Online { get; } = new("online", parts => new OnlineQLearning(parts.Settings, parts.Critic, parts.Data, parts.Online!, optimizer: parts.Optimizer))
    {
        AlternatesWithAlignment = true,
        Relevant = settings => settings with { Implicit = new(), Softmax = new() },
    };

    /// <summary>All of them.</summary>
    public static NamedTable<CriticMethod> Table { get; } = new("critic", Implicit, Softmax, Online);

    /// <summary>Whether the critic has a network V.</summary>
    public bool HasValue { get; init; }

    /// <summary>Whether it backs up from the behavior's actions for next states, which are sampled before.</summary>
    public bool SamplesNextActions { get; init; }

    /// <summary>Whether its steps alternate with those of the alignment, so that it has no stage of its own.</summary>
    public bool AlternatesWithAlignment { get; init; }

    /// <summary>Whether a policy of its own is trained beside it.</summary>
    public Func<CriticSettings, bool> TrainsPolicy { get; init; } = _ => false;

    /// <summary>Whether a learning rate depends on the number of steps although V's and the twins' is constant.</summary>
    public Func<CriticSettings, bool> RateDependsOnSteps { get; init; } = _ => false;

    /// <summary>The settings that its weights depend on, the others as they are by default: a saved state of others is refused.</summary>
    public Func<CriticSettings, CriticSettings> Relevant { get; init; } = settings => settings;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
