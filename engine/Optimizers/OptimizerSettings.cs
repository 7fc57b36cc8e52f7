using EDA.Kernels;

namespace EDA.Engine.Optimizers;

/// <summary>Which optimizer moves the parameters of every stage that trains; learning rates and their schedules are the stages'.</summary>
public sealed record OptimizerSettings
{
    /// <summary>The optimizer. Paper: Adam.</summary>
    public OptimizerKind Name { get; init => field = Setting.Given(value); } = OptimizerKind.Adam;

    /// <summary>The weight decay, at least 0, of the optimizers that have one. Paper: none.</summary>
    public double WeightDecay { get; init => field = value is >= 0 and <= 1 ? value : throw new InvalidSettingException("weightDecay", value, "a number from 0 to 1"); }

    /// <summary>The factory of it.</summary>
    /// <returns>Null for Adam fused with the device's steps.</returns>
    /// <exception cref="InvalidSettingException">The optimizer has no weight decay.</exception>
    /// <exception cref="MissingLibraryException">What it needs is missing.</exception>
    public OptimizerFactory? CreateFactory() => Name.Create(this);
}
