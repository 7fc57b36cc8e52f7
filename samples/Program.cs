using EDA.Samples;

// dotnet run --project samples -- bandit
var samples = new Dictionary<string, Action>
{
    ["bandit"] = () => Bandit.Run(),
    ["dataset"] = () => DatasetToPolicy.Run("maze.npz", "maze-run"),
    ["objective"] = () => OwnObjective.Run("objective-run"),
    ["critic"] = () => OwnCritic.Run("critic-run"),
    ["environment"] = () => OwnEnvironment.Run("environment-run"),
    ["optimizer"] = () => OwnOptimizer.Run(),
    ["kernel"] = () => OwnKernel.Run(),
    ["layernorm"] = () => LayerNorm.Run(),
    ["labels"] = () => OwnLabels.Run(),
};
if (args.Length == 1 && samples.TryGetValue(args[0], out var sample))
{
    sample();
    return 0;
}

Console.Error.WriteLine($"one of {string.Join(", ", samples.Keys)}, please");
return 2;
