using System.CommandLine;
using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Host.CommandLine;

namespace EDA.Host.Commands;

/// <summary>eda weights: looks into files of weights and translates their names.</summary>
internal static class WeightsCommand
{
    private static readonly Dictionary<string, PublishedModule> Modules = new(StringComparer.Ordinal)
    {
        ["behavior"] = PublishedModule.Behavior,
        ["policy"] = PublishedModule.Policy,
    };

    public static Command Create() => new("weights", "Inspect files of weights, or write them under other names.") { Inspect(), Export() };

    private static Command Inspect()
    {
        var file = new Argument<string?>("FILE") { Description = "a .safetensors file", Arity = ArgumentArity.ZeroOrOne };
        var weights = WeightsOption();
        var prefix = WeightsPrefix.Create();
        var command = new Command("inspect", "Show what a .safetensors file holds.") { file, weights, prefix };
        command.SetAction(result =>
        {
            string path = Values.ExistingFile(weights.Name, result.GetValue(file) ?? result.Required(weights));
            var entries = Safetensors.List(path);
            foreach (var (key, value) in Safetensors.ReadMetadata(path).OrderBy(pair => pair.Key, StringComparer.Ordinal))
                Console.WriteLine(OneLine.Of($"metadata {key} = {value}"));
            int name = Math.Max(6, entries.Select(entry => OneLine.Of(entry.Name).Length).DefaultIfEmpty(0).Max());
            foreach (var entry in entries)
                Console.WriteLine(FormattableString.Invariant($"{OneLine.Of(entry.Name).PadRight(name)}  {OneLine.Of(entry.Type),-4}  {Shape(entry),-12}  {Norm(path, entry)}").TrimEnd());

            Console.WriteLine(FormattableString.Invariant($"{entries.Count} tensors, {entries.Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size))} numbers"));
            try
            {
                var shape = result.Load(prefix, path).Layout.Shape;
                Console.WriteLine($"a bottleneck diffusion model: S = {shape.StateSize}, A = {shape.ActionSize}, width {shape.Width}, {shape.Blocks} blocks");
            }
            catch (InvalidFileException refused)
            {
                Console.WriteLine($"not a single bottleneck diffusion model: {refused.Reason}");
            }

            return ExitStatus.Success;
        });
        return command;
    }

    private static Command Export()
    {
        var file = new Argument<string?>("FILE") { Description = "the .safetensors file to read", Arity = ArgumentArity.ZeroOrOne };
        var weights = WeightsOption();
        var prefix = WeightsPrefix.Create();
        var target = new Option<string?>("--out") { Description = "the .safetensors file to write, which must not exist yet", HelpName = "FILE" };
        var published = new Option<bool>("--published") { Description = "write the published code's names: its prefix, and its unused residual layers" };
        var module = new Option<string?>("--module") { Description = "with --published, whose prefix: behavior or policy (behavior)", HelpName = "NAME" };
        var command = new Command("export", "Write weights under plain names, or with --published for the published PyTorch code.") { file, weights, prefix, target, published, module };
        command.SetAction(result =>
        {
            string path = Values.ExistingFile(weights.Name, result.GetValue(file) ?? result.Required(weights));
            string targetPath = Values.NewFile(target.Name, result.Required(target));
            string moduleName = result.OneOf(module, Modules.Keys, "behavior");
            if (result.GetValue(module) is { } given && !result.GetValue(published))
                throw UserError.Value(module.Name, given, "nothing without --published");
            var loaded = result.Load(prefix, path);
            if (result.GetValue(published))
                loaded.SavePublished(targetPath, Modules[moduleName]);
            else
                loaded.Save(targetPath);
            return ExitStatus.Success;
        });
        return command;
    }

    private static Option<string?> WeightsOption() => new("--weights") { Description = "the .safetensors file, where it is not the argument", HelpName = "FILE" };

    private static string Shape(TensorEntry tensor) => "[" + string.Join("×", tensor.Shape) + "]";

    // Of what is no weight there is nothing to say but its type.
    private static string Norm(string path, TensorEntry entry) => entry.IsReadable
        ? FormattableString.Invariant($"norm {Math.Sqrt(Safetensors.ReadUnchecked(path, name => name == entry.Name).Tensors[0].Values.Sum(value => (double)value * value)):G6}")
        : string.Empty;
}
