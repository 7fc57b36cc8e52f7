using System.Diagnostics;

namespace EDA.Engine.Data;

/// <summary>What is done to rewards before a critic trains on them (method: section 4).</summary>
public enum RewardTreatment
{
    /// <summary>Nothing: kitchen.</summary>
    AsIs,

    /// <summary>They are divided by (max − min episode return)/1000: locomotion.</summary>
    ReturnRange,

    /// <summary>1 is subtracted: AntMaze.</summary>
    MinusOne,

    /// <summary>1/2 is subtracted, and they are multiplied by 4: AntMaze as Diffusion-QL has it.</summary>
    CentredTimesFour,
}

/// <summary>The least and the greatest return of the episodes that a locomotion reward is divided by.</summary>
/// <param name="Least">The least.</param>
/// <param name="Greatest">The greatest.</param>
public readonly record struct ReturnRange(double Least, double Greatest)
{
    /// <summary>Greatest − least.</summary>
    public double Width => Greatest - Least;
}

/// <summary>Treats the rewards of a Q-learning view.</summary>
public static class RewardTreatments
{
    private const int RowsOfAnEpisode = 1000;
    private const float Scale = 1000f;

    /// <summary>What the published code does in a family of tasks (method: section 4).</summary>
    /// <param name="domain">The family.</param>
    /// <returns>The treatment.</returns>
    public static RewardTreatment Of(D4rlDomain domain) => domain switch
    {
        D4rlDomain.Locomotion => RewardTreatment.ReturnRange,
        D4rlDomain.AntMaze => RewardTreatment.MinusOne,
        D4rlDomain.Kitchen or D4rlDomain.Other => RewardTreatment.AsIs,
        _ => throw new UnreachableException($"domain {domain}"),
    };

    /// <summary>
    /// The range of returns, as the published code takes it: on the view, cut after each terminal transition and each
    /// thousandth of an episode, an unfinished last episode not counted. (The view lacks the rows of timeouts, so these
    /// pieces are not quite the dataset's episodes.)
    /// </summary>
    /// <param name="view">The view.</param>
    /// <returns>The range.</returns>
    /// <exception cref="InvalidFileException">No episode is finished, or all have the same return.</exception>
    public static ReturnRange Range(QLearningView view)
    {
        double least = double.PositiveInfinity, greatest = double.NegativeInfinity, sum = 0;
        int length = 0;
        for (int i = 0; i < view.Count; i++)
        {
            sum += view.Reward(i);
            length++;
            if (!view.IsTerminal(i) && length < RowsOfAnEpisode)
                continue;
            (least, greatest) = (Math.Min(least, sum), Math.Max(greatest, sum));
            (sum, length) = (0, 0);
        }

        string path = view.Dataset.Provenance.Path;
        if (greatest < least)
            throw new InvalidFileException(path, $"no episode is finished (terminals has no 1, and there are fewer than {RowsOfAnEpisode} transitions), so rewards have no range of returns to be divided by");
        return greatest > least
            ? new ReturnRange(least, greatest)
            : throw new InvalidFileException(path, $"all episodes have the return {DatasetChecks.Text(least)}, so rewards have no range of returns to be divided by");
    }

    /// <summary>The rewards that a critic trains on.</summary>
    /// <param name="view">The view.</param>
    /// <param name="treatment">What is done to them.</param>
    /// <returns>[N], in float32 arithmetic as PyTorch does it: divided by the width, then multiplied by 1000.</returns>
    /// <exception cref="InvalidFileException">There is no range of returns.</exception>
    public static float[] Apply(QLearningView view, RewardTreatment treatment)
    {
        float[] rewards = view.Rewards();
        switch (Setting.Known(treatment))
        {
            case RewardTreatment.ReturnRange:
                float width = (float)Range(view).Width;
                for (int i = 0; i < rewards.Length; i++)
                    rewards[i] = rewards[i] / width * Scale;
                break;
            case RewardTreatment.MinusOne:
                for (int i = 0; i < rewards.Length; i++)
                    rewards[i] -= 1;
                break;
            case RewardTreatment.CentredTimesFour:
                for (int i = 0; i < rewards.Length; i++)
                    rewards[i] = (rewards[i] - 0.5f) * 4;
                break;
        }

        return rewards;
    }
}
