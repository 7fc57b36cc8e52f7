namespace EDA.Kernels;

/// <summary>The arguments of <see cref="ICriticOperations.ImplicitStep"/>.</summary>
public readonly record struct ImplicitStepCall
{
    /// <summary>The transitions.</summary>
    public required TransitionBatch Batch { get; init; }

    /// <summary>The losses' constants.</summary>
    public required ImplicitBackup Backup { get; init; }

    /// <summary>V.</summary>
    public required TrainedArrays Value { get; init; }

    /// <summary>Q₁ and Q₂.</summary>
    public required TrainedArrays Twin { get; init; }

    /// <summary>Q̄₁ and Q̄₂, updated.</summary>
    public required DeviceArray<float> Target { get; init; }

    /// <summary>How the networks move.</summary>
    public required CriticUpdate Update { get; init; }

    /// <summary>Q, NextValue and Value of <see cref="CriticLosses"/>, overwritten [≥ 3].</summary>
    public required DeviceArray<float> Losses { get; init; }

    /// <summary>Refuses constants that are not allowed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not.</exception>
    public void Check()
    {
        if (Backup.Expectile is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Backup), Backup.Expectile, "the expectile must be in (0, 1)");
        Update.Check();
    }
}

/// <summary>The arguments of <see cref="ICriticOperations.SampledStep"/>.</summary>
public readonly record struct SampledStepCall
{
    /// <summary>The transitions.</summary>
    public required TransitionBatch Batch { get; init; }

    /// <summary>The next actions and their weights.</summary>
    public required SampledBackup Backup { get; init; }

    /// <summary>Q₁ and Q₂.</summary>
    public required TrainedArrays Twin { get; init; }

    /// <summary>Q̄₁ and Q̄₂, updated.</summary>
    public required DeviceArray<float> Target { get; init; }

    /// <summary>How the networks move.</summary>
    public required CriticUpdate Update { get; init; }

    /// <summary>Q and NextValue of <see cref="CriticLosses"/>, overwritten [≥ 2].</summary>
    public required DeviceArray<float> Losses { get; init; }

    /// <summary>Refuses constants that are not allowed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not.</exception>
    public void Check()
    {
        if (!(Backup.InverseTemperature >= 0))
            throw new ArgumentOutOfRangeException(nameof(Backup), Backup.InverseTemperature, "the inverse temperature must be at least 0");
        Update.Check();
    }
}

/// <summary>The arguments of <see cref="ICriticOperations.PolicyStep"/>.</summary>
public readonly record struct PolicyStepCall
{
    /// <summary>The transitions; only states and actions are looked at.</summary>
    public required TransitionBatch Batch { get; init; }

    /// <summary>The weights of the regression.</summary>
    public required AdvantageWeighting Weighting { get; init; }

    /// <summary>V's parameters.</summary>
    public required DeviceArray<float> Value { get; init; }

    /// <summary>Q̄₁ and Q̄₂.</summary>
    public required DeviceArray<float> Target { get; init; }

    /// <summary>The policy.</summary>
    public required TrainedArrays Policy { get; init; }

    /// <summary>Adam's constants.</summary>
    public required AdamSettings Adam { get; init; }

    /// <summary>1 for the first step.</summary>
    public required long Step { get; init; }

    /// <summary>Policy of <see cref="CriticLosses"/>, overwritten [≥ 4].</summary>
    public required DeviceArray<float> Losses { get; init; }

    /// <summary>Refuses a step before the first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is.</exception>
    public void Check() => ArgumentOutOfRangeException.ThrowIfLessThan(Step, 1);
}

/// <summary>The arguments of <see cref="ICriticOperations.MinimumQ"/>.</summary>
public readonly record struct MinimumQCall
{
    /// <summary>The parameters of the twins or of their targets.</summary>
    public required DeviceArray<float> Twin { get; init; }

    /// <summary>s [n×S].</summary>
    public required DeviceArray<float> States { get; init; }

    /// <summary>a [n×K×A].</summary>
    public required DeviceArray<float> Actions { get; init; }

    /// <summary>n.</summary>
    public required int StateCount { get; init; }

    /// <summary>K.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>min(Q₁, Q₂) [n×K], overwritten.</summary>
    public required DeviceArray<float> Q { get; init; }
}

/// <summary>The arguments of <see cref="ICriticOperations.Value"/> and <see cref="ICriticOperations.Act"/>.</summary>
public readonly record struct StateEvaluationCall
{
    /// <summary>V's parameters, or the policy's.</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>s [n×S].</summary>
    public required DeviceArray<float> States { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>V(s) [n], or tanh of the policy's network [n×A]; overwritten.</summary>
    public required DeviceArray<float> Output { get; init; }
}

/// <summary>The arguments of <see cref="ICriticOperations.ActionGradient"/>.</summary>
public readonly record struct ActionGradientCall
{
    /// <summary>The parameters of the twins or of their targets, read.</summary>
    public required DeviceArray<float> Twin { get; init; }

    /// <summary>s [n×S], read.</summary>
    public required DeviceArray<float> States { get; init; }

    /// <summary>a [n×A], read.</summary>
    public required DeviceArray<float> Actions { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>Which of the twins is differentiated; the other is not evaluated where it has no say.</summary>
    public TwinChoice Choice { get; init; }

    /// <summary>∂Q/∂a [n×A], overwritten.</summary>
    public required DeviceArray<float> Gradient { get; init; }

    /// <summary>Q(s, a) [n], overwritten; null if it is not wanted.</summary>
    public DeviceArray<float>? Q { get; init; }

    /// <summary>Refuses a choice that is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is.</exception>
    public void Check()
    {
        if (!Enum.IsDefined(Choice))
            throw new ArgumentOutOfRangeException(nameof(Choice), Choice, $"the choice must be one of {string.Join(", ", Enum.GetNames<TwinChoice>())}");
    }
}
