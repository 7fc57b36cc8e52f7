using TorchSharp;
using TorchSharp.Modules;

namespace EDA.Engine.Optimizers;

/// <summary>The optimizers of torch.optim that can be chosen by name. Apart from their names, so that TorchSharp is loaded only where one is taken.</summary>
internal static class TorchOptimizers
{
    /// <summary>torch.adam.</summary>
    public static OptimizerFactory Adam(OptimizerSettings settings) => Factory(parameters => torch.optim.Adam(parameters, weight_decay: settings.WeightDecay));

    /// <summary>torch.adamw.</summary>
    public static OptimizerFactory AdamW(OptimizerSettings settings) => Factory(parameters => torch.optim.AdamW(parameters, weight_decay: settings.WeightDecay));

    /// <summary>torch.sgd.</summary>
    public static OptimizerFactory Sgd(OptimizerSettings settings) => Factory(parameters => torch.optim.SGD(parameters, AnyRate, weight_decay: settings.WeightDecay));

    /// <summary>torch.rmsprop.</summary>
    public static OptimizerFactory RmsProp(OptimizerSettings settings) => Factory(parameters => torch.optim.RMSProp(parameters, weight_decay: settings.WeightDecay));

    /// <summary>torch.nadam.</summary>
    public static OptimizerFactory NAdam(OptimizerSettings settings) => Factory(parameters => torch.optim.NAdam(parameters, weight_decay: settings.WeightDecay));

    // The rate that an optimizer is made with stands for the stage's, whatever it is.
    private const double AnyRate = 1e-3;

    private static OptimizerFactory Factory(Func<IReadOnlyList<(string, Parameter)>, torch.optim.Optimizer> create)
    {
        TorchLibrary.OfMachine.Require();
        return TorchOptimizer.Factory(create);
    }
}
