namespace EDA.Engine.Baselines.Generators;

/// <summary>
/// The settings of the generative models that the bottleneck diffusion model is compared with. The paper publishes none, so
/// all of them are ours; how many points are drawn, and how the diffusion model is sampled, say the run's evaluation settings.
/// </summary>
public sealed record GeneratorsSettings : MethodSettings
{
    /// <summary>The variational autoencoder.</summary>
    public VaeSettings Vae { get; init => field = Setting.Given(value); } = new();

    /// <summary>The energy-based model.</summary>
    public EbmSettings Ebm { get; init => field = Setting.Given(value); } = new();

    /// <summary>How the energy-based model is sampled.</summary>
    public LangevinSettings Langevin { get; init => field = Setting.Given(value); } = new();

    /// <inheritdoc/>
    public override long CountSteps() => Math.Max(Vae.Steps, Ebm.Steps);

    /// <inheritdoc/>
    public override long CountSteps(string stage) => stage switch
    {
        Runs.RunStages.Vae => Vae.Steps,
        Runs.RunStages.Ebm => Ebm.Steps,
        _ => 0,
    };

    /// <inheritdoc/>
    public override MethodSettings WithSteps(long steps) => this with
    {
        Vae = Vae with { Steps = Math.Min(Vae.Steps, steps) },
        Ebm = Ebm with { Steps = Math.Min(Ebm.Steps, steps) },
    };
}
