using System.Text.Json.Serialization;

namespace EDA.Engine.Optimizers;

/// <summary>An optimizer that a user may choose: a row of a table.</summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Create">Makes its factory; null for Adam fused with the device's steps.</param>
[JsonConverter(typeof(NamedConverter<OptimizerKind>))]
public sealed record OptimizerKind(string Name, Func<OptimizerSettings, OptimizerFactory?> Create) : INamed<OptimizerKind>
{
    /// <summary>Adam as the paper has it, fused with the device's steps.</summary>
    public static OptimizerKind Adam { get; } = new("adam", settings => settings.WeightDecay == 0
        ? null
        : throw new InvalidSettingException("optimizer.weightDecay", settings.WeightDecay, "0 with the optimizer adam; torch.adam and torch.adamw have it"));

    /// <summary>All of them: the engine's own, and some of torch.optim by TorchSharp.</summary>
    public static NamedTable<OptimizerKind> Table { get; } = new(
        "optimizer",
        Adam,
        new("torch.adam", settings => TorchOptimizers.Adam(settings)),
        new("torch.adamw", settings => TorchOptimizers.AdamW(settings)),
        new("torch.sgd", settings => TorchOptimizers.Sgd(settings)),
        new("torch.rmsprop", settings => TorchOptimizers.RmsProp(settings)),
        new("torch.nadam", settings => TorchOptimizers.NAdam(settings)));

    /// <inheritdoc/>
    public override string ToString() => Name;
}
