using System.Globalization;
using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;

namespace EDA.Engine.Optimizers;

/// <summary>
/// The learning rates of an optimizer's groups, of which there are two kinds: those that a scheduler reads and writes, and
/// those of a step, which are the stage's in the same proportions.
/// </summary>
internal sealed class TorchGroups
{
    private readonly torch.optim.ILearningRateController[] _groups;
    private readonly OptimizerHelper _optimizer;
    private readonly double[] _initial;
    private readonly double[] _scheduled;

    public TorchGroups(OptimizerHelper optimizer)
    {
        _optimizer = optimizer;
        _groups = [.. optimizer.ParamGroups];
        _initial = [.. _groups.Select(group => group.LearningRate)];
        _scheduled = [.. _initial];
        StageRate = _initial.Length > 0 ? _initial[0] : 0;
        if (!(StageRate > 0))
            throw new ArgumentException($"the optimizer's learning rate is {StageRate.ToString(CultureInfo.InvariantCulture)}; allowed is a number above 0, which the stage's stands for");
    }

    /// <summary>The rate as the stage sets it.</summary>
    public double StageRate { get; set; }

    /// <summary>The first group's rate at the next step.</summary>
    public double Rate => Of(0);

    /// <summary>The constants of the first group but its rate, by name.</summary>
    public string Describe()
    {
        var options = _optimizer.state_dict().Options[0];
        return string.Join(", ", options.GetType()
            .GetFields(BindingFlags.Public | BindingFlags.Instance)
            .OrderBy(field => field.Name, StringComparer.Ordinal)
            .Select(field => (field.Name, Value: field.GetValue(options)))
            .Where(constant => constant.Value is not null)
            .Select(constant => string.Create(CultureInfo.InvariantCulture, $"{constant.Name}={constant.Value}")));
    }

    /// <summary>Before a step.</summary>
    public void SetRates()
    {
        for (int i = 0; i < _groups.Length; i++)
            _groups[i].LearningRate = Of(i);
    }

    /// <summary>As when the optimizer was made: before a scheduler is made.</summary>
    public void Reset()
    {
        for (int i = 0; i < _groups.Length; i++)
            (_groups[i].LearningRate, _groups[i].InitialLearningRate) = (_initial[i], _initial[i]);
    }

    /// <summary>After a scheduler has set rates.</summary>
    public void ReadScheduled()
    {
        for (int i = 0; i < _groups.Length; i++)
            _scheduled[i] = _groups[i].LearningRate;
    }

    /// <summary>Before a scheduler looks at the rates it has set.</summary>
    public void RestoreScheduled()
    {
        for (int i = 0; i < _groups.Length; i++)
            _groups[i].LearningRate = _scheduled[i];
    }

    private double Of(int group) => StageRate * (_scheduled[group] / _initial[0]);
}
