using System.CommandLine;
using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Host.CommandLine;

namespace EDA.Host.Commands;

/// <summary>--prefix: which network of a file that holds several.</summary>
internal static class WeightsPrefix
{
    public static Option<string?> Create() => new("--prefix")
    {
        Description = "the beginning of the network's tensor names, for instance diffusion_policy., where the file holds several networks",
        HelpName = "TEXT",
    };

    /// <summary>Loads the network that the option names.</summary>
    /// <exception cref="UserError">No tensor's name begins so.</exception>
    /// <exception cref="InvalidFileException">The file holds no such network, or several and none is named.</exception>
    public static BdmWeights Load(this ParseResult result, Option<string?> option, string path)
    {
        string? prefix = result.GetValue(option);
        try
        {
            return BdmWeights.Load(path, prefix);
        }
        catch (InvalidFileException) when (prefix is not null)
        {
            if (!Safetensors.List(path).Any(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
                throw UserError.Value(option.Name, prefix, $"the beginning of a tensor's name in {path}; eda weights inspect shows them");
            throw;
        }
    }
}
