using System.CommandLine;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Gpu;

namespace EDA.Bench.Sass;

/// <summary>eda bench sass: what NVIDIA's assembler makes of the kernels, counted, and the time of a step on paper. Takes no GPU.</summary>
internal static class SassCommand
{
    public static Command Create()
    {
        var precision = new Option<string>("--precision") { Description = "of matrix products: fp32, tf32, bf16 or fp16", HelpName = "P", DefaultValueFactory = _ => "tf32" };
        var gpu = new Option<string>("--gpu") { Description = "the GPU on paper: h100 or h200", HelpName = "GPU", DefaultValueFactory = _ => "h100" };
        var step = new Option<string?>("--step") { Description = "one step alone: " + string.Join(", ", StepNames), HelpName = "STEP" };
        var kernel = new Option<string?>("--kernel") { Description = "also take this kernel apart, phase by phase", HelpName = "NAME" };
        var json = new Option<string?>("--json") { Description = "also write the counts to this file", HelpName = "FILE" };
        var command = new Command("sass", "instructions, registers and predicted time of every launch of a step on an NVIDIA GPU; takes no GPU, but ptxas and nvdisasm")
        {
            precision, gpu, step, kernel, json,
        };
        command.SetAction(result =>
        {
            string chosen = result.GetValue(precision)!, paper = result.GetValue(gpu)!;
            var products = Enum.GetValues<GpuPrecision>().Where(one => one.ToString().Equals(chosen, StringComparison.OrdinalIgnoreCase)).ToArray();
            if (products.Length == 0)
                throw UserError.Choice("--precision", chosen, Enum.GetNames<GpuPrecision>().Select(name => name.ToLowerInvariant()));
            var model = GpuModel.All.FirstOrDefault(one => one.Name.Equals(paper, StringComparison.OrdinalIgnoreCase))
                ?? throw UserError.Choice("--gpu", paper, GpuModel.All.Select(one => one.Name.ToLowerInvariant()));
            if (result.GetValue(step) is { } only && !StepNames.Contains(only))
                throw UserError.Choice("--step", only, StepNames);
            if (result.GetValue(kernel) is { } apart && !KernelCatalogue.All.Any(known => known.Name == apart))
                throw UserError.Choice("--kernel", apart, KernelCatalogue.All.Select(known => known.Name).Order());
            if (result.GetValue(json) is { } path)
                SassDocument.CheckDestination(path);
            CudaTools.Require();
            var document = SassTable.Run(products[0], model, result.GetValue(step), result.GetValue(kernel), Console.Out);
            if (result.GetValue(json) is { } file)
                document.Save(file);
            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>The steps that can be counted.</summary>
    public static IReadOnlyList<string> StepNames { get; } = ["pretraining", "alignment", "implicit q", "score"];
}
